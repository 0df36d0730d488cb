"""The one line of JSON that every benchmark prints."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Bar:
    """A measured value and what it must reach.

    Attributes:
        better: whether a ``less`` or ``more`` value is better; it holds at equality.
    """

    name: str
    value: float
    unit: str
    better: Literal["less", "more"]
    bar: float

    @property
    def holds(self) -> bool:
        """Whether the value reaches the bar."""
        return self.value <= self.bar if self.better == "less" else self.value >= self.bar


def print_line(bench: str, bars: Sequence[Bar], also: Mapping[str, Any]) -> bool:
    """Print the line of benchmark ``bench``; return whether every bar holds."""
    shown = [
        {
            "name": bar.name,
            "value": round(bar.value, 4),
            "unit": bar.unit,
            "better": bar.better,
            "bar": bar.bar,
            "holds": bar.holds,
        }
        for bar in bars
    ]
    line = {
        "bench": bench,
        "machine": machine(),
        "commit": commit(),
        "bars": shown,
        "also": dict(also),
    }
    print(json.dumps(line), flush=True)
    return all(bar.holds for bar in bars)


def machine() -> str:
    """Return processor, cores, memory and Python of this machine in a few words."""
    cpu_info = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.split(":", 1)[1].strip() for line in cpu_info if line.startswith("model name")]
    kilobytes = int(Path("/proc/meminfo").read_text().split(maxsplit=2)[1])
    model = models[0] if models else platform.machine()
    return (
        f"{model}, {len(models) or 1} cores, {kilobytes / 2**20:.0f} GiB,"
        f" {sys.implementation.name} {platform.python_version()}"
    )


def commit() -> str:
    """Return the commit this tree is at, with ``+`` when tracked files differ from it."""
    here = Path(__file__).parent
    command = ["git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+"]
    found = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
