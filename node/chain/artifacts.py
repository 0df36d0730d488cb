"""The contracts' compiled artifacts, as ``lading contracts build`` committed them.

Python meets the contracts here alone. It reads and compares; it compiles and deploys nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CONTRACTS = ("Network", "Membership", "Devices", "Titles", "Releases", "Attestations")
"""The network's contracts in the order of their deployment."""

_INSTALLED = Path(__file__).parent / "contracts"
_CHECKOUT = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    ``bytecode`` is what a deployment sends, before the constructor's arguments; ``runtime`` is the
    deployed code with zeros at ``immutables``, which are (start, length) in bytes.
    ``source_hash`` is SHA-256 over sources, settings and compiler (see ``compile.source_hash``).
    """

    name: str
    abi: tuple[Mapping[str, object], ...]
    bytecode: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]
    compiler: str
    settings: Mapping[str, object]
    source_hash: str

    def is_code(self, code: bytes) -> bool:
        """Whether deployed ``code`` is this contract's, whatever its immutables hold."""
        blank = bytearray(code)
        for start, length in self.immutables:
            blank[start : start + length] = bytes(length)
        return bytes(blank) == self.runtime


def folder() -> Path:
    """Where the artifacts lie: in the installed package, else beside it in the checkout."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


@cache
def load(name: str) -> Artifact:
    """Return the artifact of the contract ``name``.

    Raises:
        KeyError: the network has no contract of this name.
        FileNotFoundError: the artifacts have not been built.
    """
    if name not in CONTRACTS:
        raise KeyError(name)
    data = json.loads((folder() / f"{name}.json").read_bytes())
    return Artifact(
        name=data["name"],
        abi=tuple(data["abi"]),
        bytecode=bytes.fromhex(data["bytecode"]),
        runtime=bytes.fromhex(data["runtime"]),
        immutables=tuple((start, length) for start, length in data["immutables"]),
        compiler=data["compiler"],
        settings=data["settings"],
        source_hash=data["source_hash"],
    )
