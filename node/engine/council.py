"""P-chain transactions by k of n: built without keys, signed in each member's directory, issued.

A draft is a file of transactions. Who will sign is fixed when it is built. It travels between the
members; each sees what it says, read from its bytes, and adds the signatures of its own key.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.engine.errors import EngineFileInvalid
from node.engine.founding import STAKE_SECONDS, Founding
from node.engine.organisation import COUNCIL, FOUNDING, Organisation, PublicHalf
from node.engine.programs import VM
from node.member import write_json

FORMAT = 1
WEIGHT = 1
NEWCOMER_STAKE_AVAX = 2_000
CHAIN_NAME = "lading"


@dataclass(frozen=True)
class Draft:
    """Transactions with the signatures they have so far."""

    transactions: tuple[Mapping[str, Any], ...]

    @property
    def says(self) -> list[Mapping[str, Any]]:
        """What each transaction does, read from its bytes."""
        return [transaction["says"] for transaction in self.transactions]

    @property
    def missing(self) -> int:
        """How many signatures are still to be given."""
        return sum(each["needed"] - each["signatures"] for each in self.transactions)

    @property
    def hexes(self) -> list[str]:
        """The transactions' bytes."""
        return [str(each["transaction"]) for each in self.transactions]

    def save(self, path: Path) -> None:
        """Write the file that travels: bytes alone, everything else is read from them."""
        write_json(path, {"draft": FORMAT, "transactions": self.hexes})


def load(organisation: Organisation, path: Path) -> Draft:
    """Read a draft's file; raises EngineFileInvalid, EngineRefused."""
    try:
        told = json.loads(path.read_bytes())
        if told["draft"] != FORMAT:
            raise ValueError("another format")
        given = list(told["transactions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineFileInvalid(f"{path} is no draft: {error}.") from error
    return _draft(organisation.programs.ask("show", {"transactions": given}))


def build(
    organisation: Organisation,
    founding: Founding,
    signers: Sequence[PublicHalf],
    wanted: Sequence[Mapping[str, Any]],
) -> Draft:
    """Build transactions by the organisation's own node, for ``signers`` to sign.

    Args:
        signers: as many of the council as its threshold.

    Raises: EngineRefused, EngineMissing.
    """
    request = {
        "uri": organisation.url,
        "council": founding.council,
        "signers": [half.council for half in signers],
        "wanted": list(wanted),
    }
    return _draft(organisation.programs.ask("build", request))


def sign(organisation: Organisation, passphrase: str, draft: Draft) -> Draft:
    """Add the signatures of the organisation's council key.

    Raises:
        EngineRefused: the draft has no place for this key, or has its signatures already.
        KeystoreUnavailable, WrongPassphrase.
    """
    private = organisation.key(COUNCIL, passphrase).private.hex()
    request = {"uri": organisation.url, "transactions": draft.hexes, "private_key": private}
    return _draft(organisation.programs.ask("sign", request))


def issue(organisation: Organisation, draft: Draft, together: bool = False) -> list[str]:
    """Hand the transactions to the network, and return their ids once they are accepted.

    Args:
        together: none of them needs another to be accepted first.

    Raises: EngineRefused, with too few signatures too.
    """
    request = {"uri": organisation.url, "transactions": draft.hexes, "together": together}
    told = organisation.programs.ask("issue", request)
    return list(told["ids"])


def fund_treasury(organisation: Organisation, passphrase: str, founding: Founding) -> str:
    """Move all that the founding key has to the council; afterwards the key can do nothing.

    Raises: EngineRefused, KeystoreUnavailable, WrongPassphrase.
    """
    request = {
        "uri": organisation.url,
        "private_key": organisation.key(FOUNDING, passphrase).private.hex(),
        "council": founding.council,
        "parts": 2 * len(founding.founders),
    }
    return str(organisation.programs.ask("treasury", request)["id"])


def subnet() -> dict[str, Any]:
    """Ask for the subnet, owned by the council."""
    return {"kind": "subnet"}


def validator(half: PublicHalf, subnet_id: str, end: int) -> dict[str, Any]:
    """Ask for a validator of the subnet until ``end``, UTC seconds; its stake lasts as long."""
    return {
        "kind": "validator",
        "subnet": subnet_id,
        "node_id": half.node_id,
        "weight": WEIGHT,
        "end": end,
    }


def stake(half: PublicHalf, now: int) -> dict[str, Any]:
    """Ask for a newcomer's stake on the primary network, of the treasury; it ends a day early."""
    return {
        "kind": "stake",
        "node_id": half.node_id,
        "validator": half.identity,
        "stake_avax": NEWCOMER_STAKE_AVAX,
        "end": now + STAKE_SECONDS - 24 * 3600,
    }


def removal(node_id: str, subnet_id: str) -> dict[str, Any]:
    """Ask for a validator's end on the subnet."""
    return {"kind": "remove", "subnet": subnet_id, "node_id": node_id}


def chain(subnet_id: str, genesis: bytes) -> dict[str, Any]:
    """Ask for the EVM chain."""
    return {
        "kind": "chain",
        "subnet": subnet_id,
        "genesis": genesis.decode(),
        "vm": VM,
        "name": CHAIN_NAME,
    }


def _draft(told: Mapping[str, Any]) -> Draft:
    return Draft(tuple(told["transactions"]))
