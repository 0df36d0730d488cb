"""Compile the contracts into ``contracts/artifacts``, so that users need no compiler.

Run by developers as ``lading contracts build`` or ``python -m node.chain.compile`` in a checkout
with ``contracts/node_modules`` installed. It drives npm's solc through tools/solc and touches no
network.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from node.chain.artifacts import CONTRACTS

ROOT = Path(__file__).resolve().parents[2]
COMPILER = "0.8.37"
SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": True, "runs": 1000},
    "viaIR": False,
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
}
_OUTPUT = {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"]}}


def sources(root: Path = ROOT) -> dict[str, str]:
    """Return our own Solidity files by their path in ``contracts``."""
    contracts = root / "contracts"
    files = sorted((contracts / "src").rglob("*.sol"))
    return {str(file.relative_to(contracts)): file.read_text(encoding="utf-8") for file in files}


def source_hash(root: Path = ROOT) -> str:
    """Return SHA-256, in hex, over everything that decides the bytecode.

    That is our sources, the settings, the compiler's version and the integrity string of the
    OpenZeppelin package, as JSON with sorted keys.
    """
    lock = json.loads((root / "contracts" / "package-lock.json").read_bytes())
    library = lock["packages"]["node_modules/@openzeppelin/contracts"]["integrity"]
    parts = {
        "sources": sources(root),
        "settings": SETTINGS,
        "compiler": COMPILER,
        "library": library,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def compile_contracts(root: Path = ROOT) -> dict[str, str]:
    """Compile; return each artifact's JSON text by the contract's name.

    Raises:
        solcx.exceptions.SolcError: the compiler refused a source, or is not installed.
    """
    # Imported here: a member's node never compiles, and solcx looks for compilers when imported.
    import solcx  # noqa: PLC0415

    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources(root).items()},
        "settings": {**SETTINGS, "outputSelection": _OUTPUT},
    }
    compiled = solcx.compile_standard(
        request, base_path=str(root / "contracts"), solc_binary=root / "tools" / "solc"
    )
    digest = source_hash(root)
    return {
        name: _artifact(name, compiled["contracts"][f"src/{name}.sol"][name], digest)
        for name in CONTRACTS
    }


def build(root: Path = ROOT) -> list[Path]:
    """Write every artifact and return the paths; raises as ``compile_contracts`` does."""
    folder = root / "contracts" / "artifacts"
    folder.mkdir(exist_ok=True)
    written = []
    for name, text in compile_contracts(root).items():
        path = folder / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _artifact(name: str, output: dict[str, Any], digest: str) -> str:
    runtime = output["evm"]["deployedBytecode"]
    places = [place for many in runtime["immutableReferences"].values() for place in many]
    artifact = {
        "name": name,
        "compiler": COMPILER,
        "settings": SETTINGS,
        "source_hash": digest,
        "immutables": sorted([place["start"], place["length"]] for place in places),
        "abi": output["abi"],
        "bytecode": output["evm"]["bytecode"]["object"],
        "runtime": runtime["object"],
    }
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for artifact_path in build():
        print(artifact_path.relative_to(ROOT))
