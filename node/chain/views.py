"""Reads a contract's state through its views, as of any block, by its committed ABI.

Answers are Python values by the ABI's own names: bytes, ints, bools, and addresses as 20 bytes.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from eth_hash.auto import keccak

from node.chain import artifacts
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.rpc import Ledger, quantity, read_call

Answer = dict[str, Any]


def view(
    ledger: Ledger, network: Network, contract: str, function: str, *arguments: Any, block: int
) -> Answer:
    """Return what ``contract.function(*arguments)`` tells in the state after ``block``.

    A single struct is returned as its members.

    Raises:
        RpcRefused: the contract reverts, did not stand then, or the ledger lost that state.
        LedgerUnavailable: no answer.
    """
    # Takes 0.1 s to load; a node asks no view until it witnesses.
    from eth_abi.abi import decode, encode  # noqa: PLC0415

    entry = _entry(contract, function)
    types = [_type(item) for item in entry["inputs"]]
    selector = keccak(f"{function}({','.join(types)})".encode())[:4]
    calldata = selector + encode(types, arguments)
    answer = read_call(ledger, network.address(contract), calldata, quantity(block))
    if not answer:
        raise RpcRefused(f"There is no {contract} at that block.", 0)
    outputs = entry["outputs"]
    values = decode([_type(item) for item in outputs], answer)
    if len(outputs) == 1 and outputs[0]["type"] == "tuple":
        outputs, values = outputs[0]["components"], values[0]
    return {item["name"]: _plain(item, v) for item, v in zip(outputs, values, strict=True)}


@cache
def _entry(contract: str, function: str) -> Mapping[str, Any]:
    found = [
        entry
        for entry in artifacts.load(contract).abi
        if entry.get("type") == "function" and entry.get("name") == function
    ]
    return found[0]


def _type(item: Mapping[str, Any]) -> str:
    if item["type"] != "tuple":
        return str(item["type"])
    return "(" + ",".join(_type(component) for component in item["components"]) + ")"


def _plain(item: Mapping[str, Any], value: Any) -> Any:
    return bytes.fromhex(value[2:]) if item["type"] == "address" else value
