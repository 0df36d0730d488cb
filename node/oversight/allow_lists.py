"""Reads the engine's own lists of who may send transactions and who may deploy contracts.

subnet-evm keeps them in two precompiled contracts. Roles that the genesis gave are told by no
event, so the chain's configuration is read too; what it names is asked like everything else.

Source: ava-labs/subnet-evm, precompile/allowlist (IAllowList.sol) and ``eth_getChainConfig``.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eth_hash.auto import keccak

from node.chain.errors import RpcRefused
from node.chain.logs import logs_between
from node.chain.profile import Profile
from node.chain.rpc import Ledger, quantity
from node.errors import LedgerUnavailable

TRANSACTIONS, DEPLOYERS = "transactions", "deployers"
LISTS: Mapping[str, str] = {
    TRANSACTIONS: "0x0200000000000000000000000000000000000002",
    DEPLOYERS: "0x0200000000000000000000000000000000000000",
}
ROLE_SET_TOPIC = "0x" + keccak(b"RoleSet(uint256,address,address,uint256)").hex()
READ_SELECTOR = keccak(b"readAllowList(address)")[:4]
_CONFIGURED = {TRANSACTIONS: "txAllowListConfig", DEPLOYERS: "contractDeployerAllowListConfig"}
_NAMES = {address: name for name, address in LISTS.items()}


class Role(IntEnum):
    """What an account may do with a list: Enabled stands on it, Manager and Admin change it too."""

    NONE = 0
    ENABLED = 1
    ADMIN = 2
    MANAGER = 3


Place = tuple[str, str]
"""A list's name and an account."""


@dataclass(frozen=True)
class Change:
    """``sender`` gave ``account`` a role on the list ``which``; addresses are ``0x`` hex."""

    block: int
    log_index: int
    which: str
    account: str
    role: Role
    sender: str


def read_changes(ledger: Ledger, engine: Profile, first: int, last: int) -> list[Change]:
    """Return the changes of both lists in blocks ``first`` to ``last``, in the ledger's order.

    Raises:
        LedgerUnavailable: no answer, or a log that is none of the lists'.
        RpcRefused: the ledger refuses to say.
    """
    query = {"address": list(_NAMES), "topics": [ROLE_SET_TOPIC]}
    return [_change(log) for log in logs_between(ledger, engine, query, first, last)]


def read_roles(ledger: Ledger, accounts: Collection[str], block: int) -> dict[Place, Role]:
    """Return each account's role on each list after ``block``; raises as ``read_changes``."""
    places = [(which, account) for which in LISTS for account in sorted(accounts)]
    answers = ledger.batch([("eth_call", [_asking(*place), quantity(block)]) for place in places])
    roles = {}
    for place, answer in zip(places, answers, strict=True):
        if isinstance(answer, RpcRefused):
            raise answer
        roles[place] = _role(int(answer, 16))
    return roles


def read_first(ledger: Ledger) -> dict[Place, Role]:
    """Return the roles that the chain's genesis and its upgrades gave; raises as above."""
    config = ledger.call("eth_getChainConfig")
    try:
        upgrades = (config.get("upgrades") or {}).get("precompileUpgrades") or []
        return {place: role for part in (config, *upgrades) for place, role in _given(part)}
    except (AttributeError, TypeError, KeyError) as error:
        raise LedgerUnavailable("The ledger's configuration is none.") from error


def _given(part: Mapping[str, Any]) -> Iterator[tuple[Place, Role]]:
    for which, name in _CONFIGURED.items():
        config = part.get(name) or {}
        for role in (Role.ENABLED, Role.ADMIN, Role.MANAGER):
            for account in config.get(f"{role.name.lower()}Addresses") or []:
                yield (which, account.lower()), role


def _asking(which: str, account: str) -> dict[str, str]:
    calldata = READ_SELECTOR + bytes(12) + bytes.fromhex(account[2:])
    return {"to": LISTS[which], "data": "0x" + calldata.hex()}


def _change(log: Mapping[str, Any]) -> Change:
    try:
        _, role, account, sender = log["topics"]
        return Change(
            block=int(log["blockNumber"], 16),
            log_index=int(log["logIndex"], 16),
            which=_NAMES[log["address"].lower()],
            account="0x" + account[-40:].lower(),
            role=_role(int(role, 16)),
            sender="0x" + sender[-40:].lower(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerUnavailable("The ledger answered with a log that is none.") from error


def _role(number: int) -> Role:
    try:
        return Role(number)
    except ValueError as error:
        raise LedgerUnavailable(f"The ledger answered with a role {number}.") from error
