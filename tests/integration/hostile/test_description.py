"""schemathesis tries a running node against its own description, all checks on, and finds nothing.

``make hostile N=200`` tries longer; here examples, boundaries and a few random requests a door.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Target

HERE = Path(__file__).parent
LONG = "HOSTILE_EXAMPLES" in os.environ
EXAMPLES = os.environ.get("HOSTILE_EXAMPLES", "3")
# What a run of all tests gives it; the rest of the requests is left to the long run.
BUDGET = [] if LONG else ["--max-time", "60"]
SEED = "20261122"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.mark.timeout(0 if LONG else 420)
@pytest.mark.usefixtures("quiet_log")
def test_the_description_holds_for_whatever_is_asked(target: Target, tmp_path: Path) -> None:
    ran = subprocess.run(
        [
            SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml",
            "run", f"{target.url}/openapi.json",
            "--header", f"Authorization: Bearer {target.token}",
            *BUDGET, "--max-examples", EXAMPLES, "--seed", SEED,
            "--generation-database", "none", "--warnings", "off", "--no-color",
        ],
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_checks.py")},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, _brief(ran.stdout + ran.stderr)
    assert "No issues found" in ran.stdout or "passed" in ran.stdout


def _brief(told: str) -> str:
    return "\n".join(line[:600] for line in told.splitlines())[-20_000:]
