"""How the network stands, asked of one's own node: height, peers, who made blocks, stakes."""

import base64
from dataclasses import dataclass
from typing import Any

from node.engine.errors import EngineFileInvalid
from node.engine.founding import Founding
from node.engine.organisation import Organisation
from node.engine.process import ask
from node.engine.programs import VM

LAST_BLOCKS = 100
DAY_SECONDS = 24 * 3600


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
