"""The engine's next version beside the present one, for a network of mixed versions.

``python -m network_faults.versions`` builds it, while there still is a network to fetch it from.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.avalanche import RunningValidator

from node.engine.process import ask
from node.engine.programs import VARIABLE, Programs
from node.member import write_json

NEXT = "v1.14.1"
"""Speaks the present plugin's protocol too (rpcchainvm 44, its version/compatibility.json)."""

FIREWOOD, OLDER = "github.com/ava-labs/firewood-go-ethhash/ffi", "v0.0.15"


@contextmanager
def next_version(validator: RunningValidator) -> Iterator[None]:
    """Let a validator, which does not run now, be started with the next version in the body."""
    settings = validator.directory / "engine.json"
    before = json.loads(settings.read_bytes())
    write_json(settings, before | {"programs": str(_programs())})
    try:
        yield
    finally:
        write_json(settings, before)


def running_version(validator: RunningValidator) -> str:
    """The version that a validator says it runs, as ``v1.14.0``."""
    told = ask(validator.organisation.url, "/ext/info", "info.getNodeVersion")
    return "v" + str(told["version"]).rpartition("/")[2]


def _programs() -> Path:
    """Return a folder of programs with the next avalanchego; built once, three minutes."""
    present = Programs.found().folder
    home = Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "lading" / "engines")
    folder = home / f"avalanchego-{NEXT}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "avalanchego").exists():
        _build(folder / "avalanchego")
    for path in present.iterdir():
        if path.name != "avalanchego":
            link = folder / path.name
            link.unlink(missing_ok=True)
            link.symlink_to(path)
    return folder


def _build(program: Path) -> None:
    """Build it in a module of its own: its go.mod names folders, which ``go install`` refuses.

    What those folders hold is published at an earlier commit, which wants an earlier firewood.
    """
    go, package = (
        os.environ.get("GO", "/usr/local/go/bin/go"),
        "github.com/ava-labs/avalanchego/main",
    )
    own = os.environ | {"CGO_ENABLED": "1"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "go.mod").write_text("module next\n\ngo 1.24.9\n")
        subprocess.run([go, "get", f"{package}@{NEXT}"], cwd=folder, env=own, check=True)
        subprocess.run(
            [go, "mod", "edit", f"-replace={FIREWOOD}={FIREWOOD}@{OLDER}"],
            cwd=folder, env=own, check=True,
        )  # fmt: skip
        build = [go, "build", "-mod=mod", "-o", str(program), package]
        subprocess.run(build, cwd=folder, env=own, check=True)


if __name__ == "__main__":
    print(_programs())
