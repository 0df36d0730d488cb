"""A copy of contracts/ in which one mutation after the other is compiled and tested."""

import json
import os
import re
import shutil
import subprocess
from enum import Enum
from pathlib import Path
from typing import Any

from mutations import Mutation
from support.forge import ROOT, forge_binary

TEST_SECONDS = 300
_PARTS = ("src", "test", "out", "cache")
_CODE = ("bytecode", "deployedBytecode")
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
# Left out: what holds in any order of acts takes longer than all others together, and the search
# of proofs tells of ConsistencyProof alone. The share killed is thereby a lower bound.
_WALKS = "Invariant|Walk"
_SEARCH = "ConsistencyProof"


class Fate(Enum):
    """What became of a mutation."""

    KILLED = "killed"
    SURVIVED = "survived"
    REFUSED = "refused"  # by the compiler
    SAME = "same"  # bytecode as without it


class Workshop:
    """Owns ``folder``, made anew from the checkout's contracts and forge's output for them.

    The mutation is compiled in ``sources``, without tests; ``contracts`` has the tests and the
    sources as they are, and is given what came out: the tests deploy by artifact
    (dynamic_test_linking), so none of them is compiled again; libraries that a test has inside it
    stay there as they are. The gas snapshots are not compared: any change of the code would differ
    from them.
    """

    def __init__(self, folder: Path) -> None:
        self._sources, self._contracts = folder / "sources", folder / "contracts"
        shutil.rmtree(folder, ignore_errors=True)
        # Read by tests, and only inside the copy: forge lets them follow no link.
        vectors = Path("tests") / "data" / "vectors"
        shutil.copytree(ROOT / vectors, folder / vectors)
        (folder / "tools").symlink_to(ROOT / "tools")
        for project, parts in ((self._sources, ("src",)), (self._contracts, _PARTS)):
            for part in parts:
                shutil.copytree(ROOT / "contracts" / part, project / part)
            (project / "node_modules").symlink_to(ROOT / "contracts" / "node_modules")
            shutil.copy(ROOT / "contracts" / "foundry.toml", project)
            if not self._build(project):
                raise RuntimeError("the contracts do not compile as they are")
        self._artifacts = self._compiled()

    def passes_without(self) -> bool:
        """Whether all tests pass while there is no mutation."""
        return self._survives("ConsistencyProof")

    def fate(self, mutation: Mutation) -> Fate:
        """Try one mutation, and take it back."""
        path = Path(mutation.file)
        source = (ROOT / "contracts" / path).read_bytes()
        place = self._sources / path
        try:
            place.write_bytes(mutation.apply(source))
            if not self._build(self._sources):
                return Fate.REFUSED
            compiled = self._compiled()
            if compiled == self._artifacts:
                return Fate.SAME
            self._deploy(compiled)
            return Fate.SURVIVED if self._survives(path.stem) else Fate.KILLED
        finally:
            place.write_bytes(source)
            self._deploy(self._artifacts)

    def _survives(self, name: str) -> bool:
        return all(self._passes(tests) for tests in _rounds(name))

    def _build(self, project: Path) -> bool:
        return self._forge(project, "build") == 0

    def _passes(self, tests: list[str]) -> bool:
        # A failing run is kept by forge and tried first the next time: no mutation helps another.
        for kept in ("invariant", "fuzz", "test-failures"):
            shutil.rmtree(self._contracts / "cache" / kept, ignore_errors=True)
        return self._forge(self._contracts, "test", "--fail-fast", "--threads", "1", *tests) == 0

    def _compiled(self) -> dict[str, Any]:
        """What ``sources`` came to: the code in hex, by the contract's name."""
        found = {}
        for source in sorted((self._sources / "src").glob("*.sol")):
            output = self._sources / "out" / source.name / f"{source.stem}.json"
            if output.exists():
                artifact = json.loads(output.read_bytes())
                found[source.stem] = {part: artifact[part] for part in _CODE}
        return found

    def _deploy(self, compiled: dict[str, Any]) -> None:
        """Put code where the tests find it."""
        for name, code in compiled.items():
            output = self._contracts / "out" / f"{name}.sol" / f"{name}.json"
            artifact = json.loads(output.read_bytes())
            if any(artifact[part] != code[part] for part in _CODE):
                output.write_text(json.dumps(artifact | code))

    def _forge(self, project: Path, *arguments: str) -> int:
        """Run forge; a run that takes too long has failed."""
        environment = {
            **os.environ,
            "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
            "FOUNDRY_DENY": "never",
            "FORGE_SNAPSHOT_CHECK": "false",
            "FORGE_SNAPSHOT_EMIT": "false",
        }
        ran = subprocess.Popen(
            [str(forge_binary()), *arguments],
            cwd=project,
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
    ]
