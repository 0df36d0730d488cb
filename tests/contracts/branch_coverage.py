"""Branch coverage of contracts/src by forge's tests; prints a line a file. Run `make coverage`.

Fails below 100 % of the branches, and when a function is never called. forge counts both outcomes
of every ``if`` and ``require``. It compiles without the optimizer, so that its marks stay where
they are, and the gas tests are left out because they would measure that build. Generated files are
tables and are left out.
"""

import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / ".cache" / "coverage.lcov"
LEFT_OUT = "test/|node_modules/|src/generated/"


@dataclass
class File:
    """What one file's tests reached; lines are numbered from 1."""

    branches: int = 0
    missed: list[int] = field(default_factory=list)
    uncalled: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """What is printed after the file's name."""
        text = f"{self.branches - len(self.missed)}/{self.branches} branches"
        if self.missed:
            text += f", missed on line {', '.join(map(str, sorted(set(self.missed))))}"
        return text + (f", never called: {', '.join(self.uncalled)}" if self.uncalled else "")


def measure() -> dict[str, File]:
    """Run forge's tests under coverage; return each file's part of the report."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.unlink(missing_ok=True)
    command = [str(ROOT / "tools" / "forge"), "coverage", "--report", "lcov"]
    command += ["--report-file", str(REPORT), "--no-match-coverage", LEFT_OUT]
    command += ["--no-match-contract", "^Gas"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode or not REPORT.exists():
        raise RuntimeError(f"forge coverage failed:\n{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
    return read(REPORT.read_text())


def read(lcov: str) -> dict[str, File]:
    """Read an lcov trace file."""
    files: dict[str, File] = defaultdict(File)
    current = File()
    for record in lcov.splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            current = files[value]
        elif kind == "BRDA":
            line, _, _, taken = value.split(",")
            current.branches += 1
            current.missed += [int(line)] if taken in ("-", "0") else []
        elif kind == "FNDA" and (uncalled := re.fullmatch(r"0,(.+)", value)):
            current.uncalled.append(uncalled[1])
    return dict(files)


def main() -> int:
    """Print the table; return 0 when nothing was missed."""
    files = measure()
    for name, each in sorted(files.items()):
        print(f"{name}: {each.line}")
    missed = sum(len(each.missed) for each in files.values())
    branches = sum(each.branches for each in files.values())
    print(f"coverage: {branches - missed}/{branches} branches of {len(files)} files")
    return 1 if missed or any(each.uncalled for each in files.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
