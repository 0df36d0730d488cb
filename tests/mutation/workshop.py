"""A copy of contracts/ in which one mutation after the other is compiled and tested."""

import json
import os
import re
import shutil
import subprocess
from enum import Enum
from pathlib import Path

from mutations import Mutation
from support.forge import ROOT, forge_binary

TEST_SECONDS = 300
# Which tests are asked first for a fault in a file whose name begins so; all others follow.
_NEAREST = {
    "Title|LegalOrder": "Title|Gas",
    "Release": "Release|GasRelease",
    "Device": "Device",
    "Attestation": "Attestation|GasCheckpoints",
    "ConsistencyProof": "Attestation|GasCheckpoints|ConsistencyProof",
    "Network": "Network",
    "Acts|MemberActs": "Acts",
    "Member|Council|Delegation|Motion": "Membership|Delegation",
}
# Asked last, of what holds in any order of acts: they take longer than all others together.
_WALKS = "Invariant|Walk"
# Tells of ConsistencyProof alone, and takes as long again.
_SEARCH = "ConsistencyProof"


class Fate(Enum):
    """What became of a mutation."""

    KILLED = "killed"
    SURVIVED = "survived"
    REFUSED = "refused"  # by the compiler
    SAME = "same"  # bytecode as without it


class Workshop:
    """Owns ``folder``, made anew from the checkout's contracts and forge's output for them.

    Of several copies only the first proves that the tests pass as they are: they are the same.

    The gas snapshots are not compared: any change of the code would differ from them.
    """

    def __init__(self, folder: Path, is_first: bool) -> None:
        self._contracts = folder / "contracts"
        shutil.rmtree(folder, ignore_errors=True)
        self._contracts.mkdir(parents=True)
        (folder / "tools").symlink_to(ROOT / "tools")
        (self._contracts / "node_modules").symlink_to(ROOT / "contracts" / "node_modules")
        # Read by tests, and only inside the copy: forge lets them follow no link.
        vectors = Path("tests") / "data" / "vectors"
        shutil.copytree(ROOT / vectors, folder / vectors)
        for name in ("src", "test", "out", "cache"):
            shutil.copytree(ROOT / "contracts" / name, self._contracts / name)
        shutil.copy(ROOT / "contracts" / "foundry.toml", self._contracts)
        if not self._build():
            raise RuntimeError("the contracts do not compile as they are")
        self._bytecode = self._compiled()
        if is_first and not all(self._passes(tests) for tests in _rounds("ConsistencyProof")):
            raise RuntimeError("the tests do not pass without a mutation")

    def fate(self, mutation: Mutation) -> Fate:
        """Try one mutation, and take it back."""
        path = self._contracts / mutation.file
        source = path.read_bytes()
        try:
            path.write_bytes(mutation.apply(source))
            if not self._build():
                return Fate.REFUSED
            if self._compiled() == self._bytecode:
                return Fate.SAME
            survived = all(self._passes(tests) for tests in _rounds(path.stem))
            return Fate.SURVIVED if survived else Fate.KILLED
        finally:
            path.write_bytes(source)

    def _build(self) -> bool:
        return self._forge("build") == 0

    def _passes(self, tests: list[str]) -> bool:
        # A failing run is kept by forge and tried first the next time: no mutation helps another.
        for kept in ("invariant", "fuzz", "test-failures"):
            shutil.rmtree(self._contracts / "cache" / kept, ignore_errors=True)
        return self._forge("test", "--fail-fast", "--threads", "1", *tests) == 0

    def _compiled(self) -> dict[str, str]:
        found = {}
        for source in sorted((self._contracts / "src").glob("*.sol")):
            output = self._contracts / "out" / source.name / f"{source.stem}.json"
            if output.exists():
                found[source.stem] = json.loads(output.read_bytes())["bytecode"]["object"]
        return found

    def _forge(self, *arguments: str) -> int:
        """Run forge; a run that takes too long has failed."""
        environment = {
            **os.environ,
            "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "FOUNDRY_DENY": "never",
            "FORGE_SNAPSHOT_CHECK": "false",
            "FORGE_SNAPSHOT_EMIT": "false",
        }
        command = [str(forge_binary()), *arguments]
        ran = subprocess.Popen(
            command,
            cwd=self._contracts,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return ran.wait(TEST_SECONDS)
        except subprocess.TimeoutExpired:
            ran.kill()
            return ran.wait() or 1


def _rounds(name: str) -> list[list[str]]:
    """The runs of forge that a fault in the contract ``name`` must pass to survive, in order."""
    nearest = next(tests for names, tests in _NEAREST.items() if re.match(names, name))
    return [
        ["--match-contract", f"^({nearest})", "--no-match-contract", _WALKS],
        ["--no-match-contract", f"{_WALKS}|{_SEARCH}"],
        ["--match-contract", _WALKS],
    ]
