"""Where the engine's programs are, and how ``lading-avalanche`` is asked; it holds no key."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from node.engine.errors import EngineMissing, EngineRefused

VARIABLE = "LADING_ENGINES"
ANSWER_SECONDS = 90.0
# subnet-evm's id as a virtual machine of avalanchego.
VM = "srEXiWaHuhNyGwPUi444Tu47ZEDwxTWrbQiuD7FmgSAQ6X7Dy"


@dataclass(frozen=True)
class Programs:
    """A folder that ``deployments/engines/avalanche/build`` made."""

    folder: Path

    @staticmethod
    def found() -> "Programs":
        """Return the present engine's programs; raises EngineMissing."""
        home = Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "lading" / "engines")
        folder = home / "avalanche"
        if not (folder / "engine.json").exists():
            raise EngineMissing(f"There are no programs of the engine in {folder}.")
        return Programs(folder.resolve())

    @property
    def avalanchego(self) -> Path:
        """The node's program; it starts the plugin itself."""
        return self.folder / "avalanchego"

    @property
    def plugins(self) -> Path:
        """Where avalanchego looks for the chain's virtual machine."""
        return self.folder / "plugins"

    def versions(self) -> dict[str, str]:
        """Return the versions of avalanchego and subnet-evm, as the folder says."""
        told: dict[str, str] = json.loads((self.folder / "engine.json").read_bytes())
        return {name: told[name] for name in ("avalanchego", "subnet_evm")}

    def template(self, name: str) -> dict[str, Any]:
        """Return ``templates/<name>.json``."""
        told: dict[str, Any] = json.loads((self.folder / "templates" / f"{name}.json").read_bytes())
        return told

    def ask(self, verb: str, request: Mapping[str, Any]) -> Any:
        """Return what ``lading-avalanche VERB`` answers.

        Raises:
            EngineRefused: it says no; the sentence is its own.
            EngineMissing: the program is not there.
        """
        try:
            done = subprocess.run(
                [str(self.folder / "lading-avalanche"), verb],
                input=json.dumps(request),
                capture_output=True,
                text=True,
                timeout=ANSWER_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise EngineMissing(f"{self.folder} has no lading-avalanche.") from error
        if done.returncode != 0:
            raise EngineRefused(done.stderr.strip()[-500:] or f"{verb} failed.", verb=verb)
        return json.loads(done.stdout)


@cache
def program_version(program: Path) -> str:
    """Return what ``avalanchego --version-json`` says: its own version and rpcchainvm's.

    Raises: EngineMissing.
    """
    try:
        done = subprocess.run(
            [str(program), "--version-json"],
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineMissing(f"{program} cannot be run.") from error
    return done.stdout.strip()
