"""Write ``contracts/snapshots/storage``: where each contract keeps what; a diff shows a move.

Run as ``make snapshots``; ``--check`` writes nothing and returns 1 when a file is stale. The
layouts are what solc puts into forge's output (``extra_output`` in ``contracts/foundry.toml``),
without the numbers that solc gives to the nodes of its syntax tree.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONTRACTS = ROOT / "contracts"
FOLDER = CONTRACTS / "snapshots" / "storage"
# "t_struct(Member)8868_storage" names a syntax tree's node: only the name stays the same.
_NODE = re.compile(r"\)\d+(?=_storage|,|\)|$)")


def layouts() -> dict[Path, str]:
    """Compile, and return each contract's file and the text it must have."""
    build = [str(ROOT / "tools" / "forge"), "build", "--skip", "test"]
    subprocess.run(build, check=True, capture_output=True, text=True)
    found = {}
    for source in sorted((CONTRACTS / "src").glob("*.sol")):
        output = CONTRACTS / "out" / source.name / f"{source.stem}.json"
        compiled = json.loads(output.read_bytes()) if output.exists() else {}
        # Libraries and abstract contracts hold nothing of their own.
        if len(compiled.get("bytecode", {}).get("object", "0x")) > 2:
            layout = compiled["storageLayout"]
            if layout["storage"]:
                text = json.dumps(_readable(layout), indent=1) + "\n"
                found[FOLDER / f"{source.stem}.json"] = text
    return found


def main() -> int:
    """Write every file, or compare."""
    wanted = layouts()
    if "--check" in sys.argv[1:]:
        return int(wanted != {path: path.read_text() for path in FOLDER.glob("*.json")})
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in set(FOLDER.glob("*.json")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    return 0


def _readable(layout: dict[str, Any]) -> dict[str, Any]:
    types = layout["types"] or {}
    structs = {
        _named(name): [_place(member) for member in kind["members"]]
        for name, kind in types.items()
        if "members" in kind
    }
    return {
        "storage": [_place(entry) for entry in layout["storage"]],
        "structs": dict(sorted(structs.items())),
    }


def _place(entry: dict[str, Any]) -> str:
    return f"slot {entry['slot']} byte {entry['offset']}: {entry['label']}, {_named(entry['type'])}"


def _named(kind: str) -> str:
    return _NODE.sub(")", kind)


if __name__ == "__main__":
    sys.exit(main())
