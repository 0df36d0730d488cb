"""Every command of the README is run: here, or by the gate in .ci/run that stands there literally.

A command that is neither fails the first test, so the README cannot promise what nobody has run.
"""

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from deals import live_title, post
from story.consortium import Consortium, until

PROJECT = Path(__file__).parents[2]
LADING = str(PROJECT / ".venv" / "bin" / "lading")
START_SECONDS = 300
# `make demo` alone goes on until Ctrl-C; the gate runs the same target, ending after the story.
BY_THE_GATE_AS = {"make demo": "make demo EXIT=1"}


def commands() -> list[str]:
    """The commands in the README's shell blocks, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (PROJECT / "README.md").read_text(), re.M | re.S)
    lines = (line for block in blocks for line in block.splitlines())
    return [shlex.join(words) for line in lines if (words := shlex.split(line, comments=True))]


def in_the_gate() -> set[str]:
    return set((PROJECT / ".ci" / "run").read_text().splitlines())


def test_every_command_of_the_readme_is_run_here_or_by_the_gate() -> None:
    told = commands()
    assert len(told) > 5, "the README's commands are found"
    gate = in_the_gate()
    left = {command for command in told if BY_THE_GATE_AS.get(command, command) not in gate}
    assert left == set(RUN_HERE)


def run(command: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the README in ``place``, where .venv is the project's."""
    words = shlex.split(command)
    return subprocess.run(
        [LADING if words[0] == ".venv/bin/lading" else words[0], *words[1:]],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@contextmanager
def up(command: str, place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a consortium and stop it at the end as Ctrl-C does."""
    with (place / "up.log").open("ab") as log:
        started = subprocess.Popen([LADING, *shlex.split(command)[1:]], cwd=place, stdout=log)
    try:
        yield started
    finally:
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0


def lays_a_consortium_down_once_and_runs_it_until_stopped(
    command: str, place: Path, _: Consortium
) -> None:
    directory = place / "consortium"
    with up(command, place) as started:
        until(lambda: is_founding(place, started), "the founding is under way", START_SECONDS)
    assert not (directory / "pids.json").exists()
    with up(command, place) as started:
        until(lambda: is_ready(directory, started), "the consortium runs", START_SECONDS)
        told = json.loads((directory / "consortium.json").read_text())
        for name, member in told["members"].items():
            health = httpx.get(member["api"] + "/v1/health", trust_env=False, timeout=30).json()
            assert health["member"] == member["id"], name
        running = json.loads((directory / "pids.json").read_text())
    left = [pid for pid in running.values() if Path(f"/proc/{pid}").exists()]
    assert left == []
    for member in told["members"].values():
        assert member["api"] in (place / "up.log").read_text()


def is_founding(place: Path, started: "subprocess.Popen[bytes]") -> bool:
    assert started.poll() is None
    return "Founding" in (place / "up.log").read_text()


def is_ready(directory: Path, started: "subprocess.Popen[bytes]") -> bool:
    assert started.poll() is None
    return (directory / "pids.json").exists()


def verifies_a_file_without_a_node(command: str, place: Path, consortium: Consortium) -> None:
    customs = consortium["customs"]
    evidence = post(customs, "/v1/evidence", {"title": live_title(consortium)}, "auditor")
    assert evidence.status_code == 200, evidence.text
    (place / "evidence.json").write_bytes(evidence.content)
    (place / "network.json").write_bytes(consortium.network_path.read_bytes())
    verified = run(command, place)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    shortened = evidence.json()
    shortened["acts"].pop()
    (place / "evidence.json").write_text(json.dumps(shortened))
    refused = run(command, place)
    assert refused.returncode == 1, refused.stderr


def tells_every_command(command: str, place: Path, _: Consortium) -> None:
    told = run(command, place)
    assert told.returncode == 0
    for name in ("serve", "sign", "ledger", "gateway", "up", "verify", "contracts"):
        assert re.search(rf"\b{name}\b", told.stdout), name


def builds_what_is_committed(command: str, _: Path, __: Consortium) -> None:
    artifacts = PROJECT / "contracts" / "artifacts"
    before = {path.name: path.read_bytes() for path in artifacts.iterdir()}
    built = run(command, PROJECT)
    assert built.returncode == 0, built.stdout + built.stderr
    assert {path.name: path.read_bytes() for path in artifacts.iterdir()} == before


RUN_HERE: dict[str, Callable[[str, Path, Consortium], None]] = {
    ".venv/bin/lading up ./consortium": lays_a_consortium_down_once_and_runs_it_until_stopped,
    ".venv/bin/lading verify evidence.json --trust network.json": verifies_a_file_without_a_node,
    ".venv/bin/lading --help": tells_every_command,
    "make contracts": builds_what_is_committed,
}


@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_of_the_readme_does_what_it_says(
    command: str, tmp_path: Path, consortium: Consortium
) -> None:
    RUN_HERE[command](command, tmp_path, consortium)
