"""Reads why a contract refused: revert data to the custom error's name and arguments.

The errors are those of the committed artifacts; what they mean to a person stands in
identity/acts/refusals.json. Anything else is named, never guessed at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from eth_hash.auto import keccak

from node.chain import artifacts

RAN_OUT_OF_GAS = "ActRanOutOfGas"
UNKNOWN_ERROR = "UnknownError"
MAX_JSON_INTEGER = 2**53 - 1

Arguments = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reason:
    """A refusal as the contract gave it.

    Attributes:
        error: the custom error's name; ``ActRanOutOfGas`` for empty data (the act outran its gas
            cap), ``UnknownError`` for an error that no artifact has.
        facts: its arguments by name; bytes and addresses as ``0x`` hex, integers as numbers or,
            from 2^53, as decimal strings.
    """

    error: str
    facts: Mapping[str, object] = field(default_factory=dict)


def read_reason(reason: bytes) -> Reason:
    """Return what revert data says; never raises."""
    if not reason:
        return Reason(RAN_OUT_OF_GAS)
    name, arguments = _errors().get(reason[:4], (UNKNOWN_ERROR, ()))
    words = reason[4:]
    if name == UNKNOWN_ERROR or len(words) != 32 * len(arguments):
        return Reason(UNKNOWN_ERROR, {"data": "0x" + reason[:256].hex()})
    return Reason(
        name,
        {
            argument: _value(kind, words[32 * i : 32 * i + 32])
            for i, (argument, kind) in enumerate(arguments)
        },
    )


def _value(kind: str, word: bytes) -> object:
    if kind.startswith("uint"):
        number = int.from_bytes(word, "big")
        return number if number <= MAX_JSON_INTEGER else str(number)
    return "0x" + (word[12:] if kind == "address" else word).hex()


@cache
def _errors() -> dict[bytes, tuple[str, Arguments]]:
    """Selector → name and arguments, over all contracts' artifacts."""
    found: dict[bytes, tuple[str, Arguments]] = {}
    for contract in artifacts.CONTRACTS:
        for entry in artifacts.load(contract).abi:
            if entry["type"] != "error":
                continue
            inputs = cast(list[dict[str, Any]], entry["inputs"])
            name = str(entry["name"])
            signature = f"{name}({','.join(given['type'] for given in inputs)})"
            arguments = tuple((str(given["name"]), str(given["type"])) for given in inputs)
            found[keccak(signature.encode())[:4]] = (name, arguments)
    return found
