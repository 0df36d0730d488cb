"""Build the wheel: the contracts' artifacts go into it beside the one module that reads them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ARTIFACTS = Path(__file__).parent / "contracts" / "artifacts"


class BuildWithArtifacts(build_py):
    """Copies ``contracts/artifacts`` to ``node/chain/contracts``."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "node" / "chain" / "contracts"
            shutil.copytree(ARTIFACTS, target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithArtifacts})
