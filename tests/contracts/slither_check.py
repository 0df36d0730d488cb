"""Slither over contracts/src, held against the exceptions that are explained. Run `make slither`.

``slither_exceptions.json`` lists them: a detector, where it may report (contract and function, or
``*``), and why that is no fault. A finding without an exception fails, and so does an exception
without a finding. Slither is a program in an environment of its own; nothing of it is imported.
"""

import json
import os
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from support.forge import ROOT, forge_binary

CACHE = ROOT / ".cache"
EXCEPTIONS = Path(__file__).with_name("slither_exceptions.json")


def findings() -> list[dict[str, Any]]:
    """Compile contracts/src apart from the tests' output, and return what slither reports."""
    environment = {
        **os.environ,
        # Slither calls forge by its bare name.
        "PATH": f"{forge_binary().parent}:{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "FOUNDRY_OUT": str(CACHE / "slither-out"),
        "FOUNDRY_CACHE_PATH": str(CACHE / "slither-cache"),
    }
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(CACHE / "slither" / "bin" / "slither"), ".", "--json", str(report)]
        command += ["--foundry-out-directory", environment["FOUNDRY_OUT"]]
        command += ["--filter-paths", "node_modules"]
        ran = subprocess.run(
            command,
            cwd=ROOT / "contracts",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(f"slither gave no report:\n{ran.stderr}")
        answer = json.loads(report.read_bytes())
    if not answer["success"]:
        raise RuntimeError(f"slither failed: {answer['error']}\n{ran.stderr}")
    return list(answer["results"].get("detectors", []))


def place_of(finding: dict[str, Any]) -> str:
    """Return ``Contract.function`` of what is reported, or ``Contract``, or a file's name."""
    element = finding["elements"][0]
    names: list[str] = []
    while element:
        if element["type"] in ("contract", "function"):
            names.insert(0, element["name"])
        element = element.get("type_specific_fields", {}).get("parent")
    if names:
        return ".".join(names)
    return str(finding["elements"][0]["source_mapping"]["filename_relative"])


def main() -> int:
    """Print what is not explained and what is explained in vain; return 0 when there is neither."""
    exceptions = json.loads(EXCEPTIONS.read_bytes())
    used: set[int] = set()
    unexplained = []
    found = findings()
    for finding in found:
        matching = {
            index
            for index, each in enumerate(exceptions)
            if each["detector"] == finding["check"] and fnmatchcase(place_of(finding), each["in"])
        }
        used |= matching
        if not matching:
            unexplained.append(finding)
    for finding in unexplained:
        print(f"{finding['check']} in {place_of(finding)}:\n{finding['description']}")
    unused = [each for index, each in enumerate(exceptions) if index not in used]
    for each in unused:
        print(f"exception without a finding: {each['detector']} in {each['in']}")
    print(f"slither: {len(found)} findings, {len(unexplained)} of them unexplained")
    return 1 if unexplained or unused or not all(each["why"] for each in exceptions) else 0


if __name__ == "__main__":
    sys.exit(main())
