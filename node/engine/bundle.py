"""What a newcomer starts from: the founding, its chain, and the hashes of the common files.

``network.json`` names the bundle's hash and is signed by the council; so whoever has the one can
check the other, and renders every file of the engine anew instead of taking it from anybody.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.chain.network import Network
from node.engine.errors import EngineFileInvalid
from node.engine.founding import Founding, canonical, read_founding, render, sha256
from node.engine.programs import Programs

FORMAT = 1
FILE = "bundle.json"


@dataclass(frozen=True)
class Bundle:
    """A founded network of the engine.

    Attributes:
        subnet, chain: ids on the P-chain.
        files: SHA-256 of each file that the founding renders, by name.
    """

    founding: Founding
    subnet: str
    chain: str
    files: Mapping[str, str]

    def content(self) -> bytes:
        """Return the file; every founder gets the same bytes."""
        return canonical(
            {
                "bundle": FORMAT,
                "founding": self.founding.to_json(),
                "subnet": self.subnet,
                "chain": self.chain,
                "files": dict(self.files),
            }
        )

    @property
    def hash(self) -> str:
        """SHA-256 of the file, ``0x`` hex, as ``network.json`` names it."""
        return "0x" + sha256(self.content())

    def rpc(self, url: str) -> str:
        """Return the chain's JSON-RPC at a node whose interfaces are at ``url``."""
        return f"{url}/ext/bc/{self.chain}/rpc"


def make(founding: Founding, subnet: str, chain: str, programs: Programs) -> Bundle:
    """Return the bundle of a founding whose chain exists."""
    files = {name: sha256(content) for name, content in render(founding, programs).items()}
    return Bundle(founding, subnet, chain, files)


def parse(content: bytes) -> Bundle:
    """Read a bundle's bytes.

    Raises:
        EngineFileInvalid: another format, or bytes that are not the one form of what they say.
    """
    try:
        told: Any = json.loads(content)
        if told["bundle"] != FORMAT:
            raise ValueError("another format")
        bundle = Bundle(
            read_founding(told["founding"]), told["subnet"], told["chain"], told["files"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EngineFileInvalid(f"This is no bundle: {error}.") from error
    if bundle.content() != content:
        raise EngineFileInvalid("The bundle was changed: its bytes are not what it says.")
    return bundle


def require_named(bundle: Bundle, network: Network) -> None:
    """See that the council's network.json means this bundle.

    Raises: EngineFileInvalid.
    """
    if network.chain_id != bundle.founding.chain_id:
        raise EngineFileInvalid(
            f"network.json is of chain id {network.chain_id}, the bundle of"
            f" {bundle.founding.chain_id}."
        )
    if network.engine_bundle != bundle.hash:
        raise EngineFileInvalid(
            f"network.json names the bundle {network.engine_bundle}, this one is {bundle.hash}."
        )


def load(directory: Path) -> Bundle | None:
    """Return the bundle of an engine's directory; None before the founding is done."""
    path = directory / FILE
    return parse(path.read_bytes()) if path.exists() else None
