"""``make bench-demo``: how long a newcomer waits for the demo, from a clean checkout.

The commit that is checked out is cloned beside, so nothing of this tree's environment is used;
package caches are as warm as earlier installs left them. One JSON line.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from load.line import Bar, print_line

TOTAL_SECONDS, STORY_SECONDS = 120, 75
TOLD = re.compile(r"Consortium up in ([0-9.]+) s, the story told in ([0-9.]+) s\.")


def main() -> int:
    """Clone, run ``make demo EXIT=1``, print the line; exit code 1 unless both bars hold."""
    here = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory(prefix="lading-bench-") as place:
        clone = Path(place) / "clone"
        subprocess.run(["git", "clone", "-q", str(here), str(clone)], check=True)
        begun = time.monotonic()
        run = subprocess.run(
            ["make", "demo", "EXIT=1"], cwd=clone, capture_output=True, text=True, check=False
        )
        total = time.monotonic() - begun
    told = TOLD.search(run.stdout)
    if run.returncode != 0 or told is None:
        sys.stderr.write(run.stdout + run.stderr)
        return 1
    up, story = map(float, told.groups())
    bars = [
        Bar("demo.total_s", total, "s", "less", TOTAL_SECONDS),
        Bar("demo.story_s", story, "s", "less", STORY_SECONDS),
    ]
    also = {"install_s": round(total - up - story, 1), "consortium_up_s": up}
    return 0 if print_line("demo", bars, also) else 1


if __name__ == "__main__":
    sys.exit(main())
