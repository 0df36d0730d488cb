"""The founding's agreed inputs, and the files that every founder makes of them, the same bytes.

``founding.json`` holds the public halves and what the founders agreed. It is public and no secret
enters what is rendered, so founders compare hashes and nobody needs to trust another's file.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.engine.errors import EngineFileInvalid
from node.engine.organisation import PublicHalf
from node.engine.programs import Programs

FORMAT = 1
MIN_FOUNDERS = 4
DEFAULT_CHAIN_ID = 202611
# The engine's longest: as long as its flags max-stake-duration and stake-minting-period say.
STAKE_SECONDS = 100 * 365 * 24 * 3600
# A founder's stake is ten treasuries: whoever spends the treasury cannot stop the P-chain.
STAKE_AVAX, TREASURY_AVAX = 1_000_000, 100_000
OPERATOR_WEI = 10**24
EVM_GENESIS, GENESIS, UPGRADES = "evm-genesis.json", "genesis.json", "upgrade.json"


@dataclass(frozen=True)
class Founding:
    """What the founders agreed.

    Attributes:
        network_id: of the primary network; other consortiums on the same wires have others.
        chain_id: of the EVM chain.
        start: UTC seconds, before the first start.
        threshold: how many of the founders' council keys a P-chain transaction needs.
        granite: whether the engine's Granite upgrade counts; upstream's own path.
        versions: of avalanchego and subnet-evm, the same for all.
        founders: in the order of their names.
    """

    network_id: int
    chain_id: int
    start: int
    threshold: int
    granite: bool
    versions: Mapping[str, str]
    founders: tuple[PublicHalf, ...]

    @property
    def council(self) -> dict[str, Any]:
        """Who owns treasury and subnet, as ``lading-avalanche`` reads it."""
        return {"threshold": self.threshold, "addresses": [half.council for half in self.founders]}

    @property
    def stakes_end(self) -> int:
        """When the founders' stakes end, UTC seconds."""
        return self.start + STAKE_SECONDS

    def to_json(self) -> dict[str, Any]:
        """Return ``founding.json``."""
        return {
            "founding": FORMAT,
            "network_id": self.network_id,
            "chain_id": self.chain_id,
            "start": self.start,
            "threshold": self.threshold,
            "granite": self.granite,
            "versions": dict(self.versions),
            "founders": [half.to_json() for half in self.founders],
        }


def gather(
    halves: Sequence[PublicHalf],
    threshold: int,
    versions: Mapping[str, str],
    chain_id: int = DEFAULT_CHAIN_ID,
    granite: bool = True,
) -> Founding:
    """Make a new founding of the founders' public halves.

    Raises: EngineFileInvalid, as ``read_founding``.
    """
    founding = Founding(
        network_id=100_000 + secrets.randbelow(2**31),
        chain_id=chain_id,
        start=int(time.time()) - 60,
        threshold=threshold,
        granite=granite,
        versions=versions,
        founders=tuple(sorted(halves, key=lambda half: half.name)),
    )
    _check(founding)
    return founding


def read_founding(told: Any) -> Founding:
    """Read ``founding.json``.

    Raises:
        EngineFileInvalid: another format, too few founders for their threshold, a name, key or node
            that stands twice, or not exactly one founding key.
    """
    try:
        if told["founding"] != FORMAT:
            raise ValueError("another format")
        given = {name: value for name, value in told.items() if name != "founding"}
        halves = tuple(PublicHalf.read(half) for half in given.pop("founders"))
        founding = Founding(founders=halves, **given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineFileInvalid(f"This is no founding: {error}.") from error
    _check(founding)
    return founding


def _check(founding: Founding) -> None:
    halves = founding.founders
    if len(halves) < MIN_FOUNDERS:
        raise EngineFileInvalid(f"{len(halves)} founders are too few: take five or more.")
    if not 1 < founding.threshold <= len(halves):
        raise EngineFileInvalid(f"{founding.threshold} of {len(halves)} is no council's threshold.")
    for field in ("name", "node_id", "council", "operator"):
        values = [getattr(half, field) for half in halves]
        if len(set(values)) != len(values):
            raise EngineFileInvalid(f"Two founders have the same {field}.")
    if sum(half.founding is not None for half in halves) != 1:
        raise EngineFileInvalid("Exactly one founder holds the founding key.")
    if [half.name for half in halves] != sorted(half.name for half in halves):
        raise EngineFileInvalid("The founders are not in the order of their names.")


def render(founding: Founding, programs: Programs) -> dict[str, bytes]:
    """Return the files that all founders have in common, by name.

    Raises: EngineRefused, EngineMissing.
    """
    holder = next(half for half in founding.founders if half.founding is not None)
    genesis = programs.ask(
        "genesis",
        {
            "network_id": founding.network_id,
            "start": founding.start,
            "stake_seconds": STAKE_SECONDS,
            "stake_avax": STAKE_AVAX,
            "treasury_avax": TREASURY_AVAX,
            "founding_key": holder.founding,
            "founders": [half.identity for half in founding.founders],
        },
    )
    upgrades = programs.ask("upgrades", {"granite": founding.granite})
    return {
        GENESIS: _text(genesis["genesis"]),
        UPGRADES: _text(upgrades["upgrades"]),
        EVM_GENESIS: canonical(evm_genesis(founding, programs.template("evm-genesis"))),
    }


def evm_genesis(founding: Founding, template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the chain's genesis: chain id, the operators' accounts, and both allow lists.

    The operators are Managers of both lists from the first block. There is no Admin, so nobody can
    ever name another Manager but by an upgrade file that all validators put in place together.
    """
    operators = sorted(half.operator for half in founding.founders)
    lists = {
        "blockTimestamp": int(template["timestamp"], 16),
        "managerAddresses": operators,
    }
    config = {
        **template["config"],
        "chainId": founding.chain_id,
        "txAllowListConfig": lists,
        "contractDeployerAllowListConfig": lists,
    }
    alloc = {operator[2:]: {"balance": hex(OPERATOR_WEI)} for operator in operators}
    return {**template, "config": config, "alloc": alloc}


def canonical(value: Any) -> bytes:
    """Return JSON whose bytes follow from the value."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def sha256(content: bytes) -> str:
    """Return the hash by which founders compare files, hex."""
    return hashlib.sha256(content).hexdigest()


def load_founding(path: Path) -> Founding:
    """Read a founding's file; raises EngineFileInvalid."""
    try:
        return read_founding(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise EngineFileInvalid(f"{path} cannot be read as JSON.") from error


def _text(content: str) -> bytes:
    return content.rstrip().encode() + b"\n"
