"""The rule that says whether the engine's allow lists are what Membership and the council want.

Pure. Membership, not a list, decides who may act; the lists keep strangers from writing at all.
What is expected:

1. Whoever holds an active relay key of an active member may send transactions, and nobody else.
2. Nobody may deploy, but while a version of the contracts is being deployed.
3. Managers are those of the genesis: the council members' operator accounts. There is no Admin.
4. Each change that gives a right is of a registered relay key, or of the account that deployed
   contracts now in force; each that takes one from a relayer is of a key or member that ended.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import rlp
from eth_hash.auto import keccak

from node.oversight.alarms import Noticed
from node.oversight.allow_lists import DEPLOYERS, TRANSACTIONS, Change, Place, Role

ADMIN = "ALLOW_LIST_ADMIN"
MANAGER = "ALLOW_LIST_MANAGER"
EXCEEDS = "ALLOW_LIST_EXCEEDS"
LACKS = "ALLOW_LIST_LACKS"
CHANGED = "ALLOW_LIST_CHANGED"
MOST_NONCES = 4096


@dataclass(frozen=True)
class Facts:
    """What is known at one final block; accounts are ``0x`` hex addresses.

    Attributes:
        roles: of every account that is known, on both lists.
        first: the roles that the genesis gave.
        relayers: active relay keys of active members → member.
        registered: relay keys that Membership ever registered.
        deployers: accounts that deployed a contract that the council has named.
        founded_height: the block of the network's first contract.
    """

    roles: Mapping[Place, Role]
    first: Mapping[Place, Role]
    relayers: Mapping[str, str]
    registered: frozenset[str]
    deployers: frozenset[str]
    founded_height: int


def differences(facts: Facts) -> Iterator[Noticed]:
    """Yield what stands on the lists and should not, and what should and does not."""
    for (which, account), role in sorted(facts.roles.items()):
        subject = f"{which}:{account}"
        if role == Role.ADMIN:
            yield Noticed(ADMIN, subject, f"{account} is Admin of the list of {which}.")
        elif role == Role.MANAGER and facts.first.get((which, account)) != Role.MANAGER:
            says = f"{account} is Manager of the list of {which}; the genesis did not make it one."
            yield Noticed(MANAGER, subject, says)
        elif role == Role.ENABLED and (which == DEPLOYERS or account not in facts.relayers):
            reason = "is no active relay key" if which == TRANSACTIONS else "may deploy contracts"
            yield Noticed(
                EXCEEDS, subject, f"{account} stands on the list of {which}; it {reason}."
            )
    for account, member in sorted(facts.relayers.items()):
        if facts.roles.get((TRANSACTIONS, account), Role.NONE) == Role.NONE:
            says = f"The relay key {account} of {member} does not stand on the list."
            yield Noticed(LACKS, f"{TRANSACTIONS}:{account}", says)


def is_explained(change: Change, facts: Facts) -> bool:
    """Say whether Membership, or the contracts in force, give the change its reason."""
    account, while_founding = change.account, change.block <= facts.founded_height
    if change.role == Role.NONE:
        return change.which == DEPLOYERS or account not in facts.relayers
    if change.role == Role.ENABLED and change.which == TRANSACTIONS:
        return account in facts.registered or (while_founding and account in facts.deployers)
    if change.role == Role.ENABLED:
        return account in facts.deployers
    return change.role == Role.MANAGER and while_founding


def unexplained(change: Change) -> Noticed:
    """Return what is said of a change that nothing explains."""
    at = f"{change.which}:{change.block}:{change.log_index}"
    says = (
        f"Block {change.block}: {change.sender} set {change.account} to {change.role.name.lower()}"
        f" on the list of {change.which}; no motion of the council and no relay key explains it."
    )
    return Noticed(CHANGED, at, says)


def has_deployed(account: str, transactions: int, contracts: frozenset[str]) -> bool:
    """Say whether one of ``contracts`` was created by one of the account's transactions.

    Args:
        transactions: how many the account has sent; those after the 4096th do not count.

    Source: the address of a created contract, Ethereum's yellow paper, section 7.
    """
    sender = bytes.fromhex(account[2:])
    return any(
        "0x" + keccak(rlp.encode([sender, nonce]))[-20:].hex() in contracts
        for nonce in range(min(transactions, MOST_NONCES))
    )
