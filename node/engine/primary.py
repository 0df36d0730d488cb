"""What the primary network says of the chain: its validators, its owner, its genesis."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from node.engine.bundle import Bundle
from node.engine.errors import EngineFileInvalid
from node.engine.founding import Founding
from node.engine.organisation import Organisation, PublicHalf
from node.engine.process import ask
from node.engine.programs import VM
from node.member import write_json

# Public halves of validators that came after the founding.
KNOWN = "known"


@dataclass(frozen=True)
class SubnetValidator:
    """One validator of the chain; ``end`` in UTC seconds, when its place ends."""

    node_id: str
    end: int


def validators_of(url: str, subnet: str) -> list[SubnetValidator]:
    """Return the subnet's validators as a node's P-chain has them; raises EngineSilent."""
    told = ask(url, "/ext/bc/P", "platform.getCurrentValidators", {"subnetID": subnet})
    rows = told["validators"]
    return sorted(
        (SubnetValidator(str(row["nodeID"]), int(row["endTime"])) for row in rows),
        key=lambda each: each.node_id,
    )


def halves_known(organisation: Organisation, bundle: Bundle) -> list[PublicHalf]:
    """Return the founders' public halves, and those of newcomers in ``known``."""
    known = sorted((organisation.directory / KNOWN).glob("*.json"))
    newcomers = [PublicHalf.read(json.loads(path.read_bytes())) for path in known]
    return [*bundle.founding.founders, *newcomers]


def know(organisation: Organisation, half: PublicHalf) -> None:
    """Keep a newcomer's public half, so that its name and address are known here."""
    folder = organisation.directory / KNOWN
    folder.mkdir(mode=0o700, exist_ok=True)
    write_json(folder / f"{half.node_id}.json", half.to_json())


def chain_on_ledger(
    organisation: Organisation, founding: Founding, chain: str, genesis: bytes
) -> str:
    """Return the subnet of the chain with this id, if both are the founding's.

    Steps: (1) the transaction makes a chain of subnet-evm with exactly this genesis; (2) its subnet
    is owned by the founding's council, with its threshold.

    Raises: EngineSilent; EngineFileInvalid when a step fails.
    """
    request = {"txID": chain, "encoding": "json"}
    made = ask(organisation.url, "/ext/bc/P", "platform.getTx", request)["tx"]["unsignedTx"]
    given = made.get("genesisData")
    if made.get("vmID") != VM or _bytes_of(given) != genesis:
        raise EngineFileInvalid(f"{chain} is no chain with this founding's genesis.")
    subnet = str(made["subnetID"])
    owner = ask(organisation.url, "/ext/bc/P", "platform.getSubnet", {"subnetID": subnet})
    keys = {half.council for half in founding.founders}
    if int(owner["threshold"]) != founding.threshold or set(owner["controlKeys"]) != keys:
        raise EngineFileInvalid(f"The subnet {subnet} is not owned by this founding's council.")
    return subnet


def _bytes_of(text: Any) -> bytes:
    """Read what the engine writes bytes as in JSON: base64, or hex with a checksum at the end."""
    if not isinstance(text, str):
        return b""
    if text.startswith("0x"):
        return bytes.fromhex(text[2:])[:-4]
    return base64.b64decode(text)
