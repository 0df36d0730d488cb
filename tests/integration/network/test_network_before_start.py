"""``lading doctor --before-start`` names what is wrong with a validator's directory."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.avalanche import Network

from node.engine import before_start as looked
from node.engine.before_start import engine_before_start
from node.engine.organisation import Organisation
from node.upkeep.findings import Finding


@pytest.fixture
def copy(network: Network, tmp_path: Path) -> Organisation:
    """A copy of a running validator's directory, without its data."""
    source = network.validators[0].directory
    target = tmp_path / "org" / "engine"
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("data", "engine.log"))
    (target / "data").mkdir()
    return Organisation(target)


def failed(organisation: Organisation) -> dict[str, Finding]:
    return {each.code: each for each in engine_before_start(organisation) if each.state == "fail"}


def test_ports_in_use_by_another_are_named(copy: Organisation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        path = copy.directory / "engine.json"
        port = taken.getsockname()[1]
        path.write_text(json.dumps(json.loads(path.read_bytes()) | {"rpc_port": port}))
        finding = failed(copy)["PORT_IN_USE"]
    assert "cannot be listened on" in finding.sentence
    assert finding.what_to_do


@pytest.mark.parametrize("name", ["genesis.json", "evm-genesis.json", "upgrade.json"])
def test_another_genesis_is_named_by_its_hash(copy: Organisation, name: str) -> None:
    path = copy.directory / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    finding = failed(copy)["ENGINE_FILE_WRONG"]
    assert name in finding.sentence
    assert finding.what_to_do


def test_a_changed_founding_and_a_changed_bundle_are_named(copy: Organisation) -> None:
    bundle = copy.directory / "bundle.json"
    content = bundle.read_bytes()
    bundle.write_bytes(content.replace(b'"chain_id": 2', b'"chain_id": 3', 1))
    assert "ENGINE_FILE_WRONG" in failed(copy)
    bundle.write_bytes(content + b"\n")
    assert "was changed" in failed(copy)["ENGINE_FILE_WRONG"].sentence


def test_programs_of_another_version_are_named(copy: Organisation) -> None:
    founding = copy.directory / "founding.json"
    told = json.loads(founding.read_bytes())
    told["versions"]["avalanchego"] = "v1.13.5"
    founding.write_text(json.dumps(told))
    assert "v1.13.5" in failed(copy)["ENGINE_VERSION_OTHER"].sentence


def test_anothers_staking_keys_are_named(copy: Organisation, network: Network) -> None:
    other = network.validators[1].directory / "staking"
    shutil.rmtree(copy.directory / "staking")
    shutil.copytree(other, copy.directory / "staking")
    assert network.validators[1].organisation.public.node_id in (
        failed(copy)["ENGINE_KEY_OTHER"].sentence
    )


def test_a_clock_behind_the_nodes_own_files_is_named(copy: Organisation) -> None:
    late = copy.directory / "data" / "written"
    late.touch()
    ahead = time.time() + 3600
    os.utime(late, (ahead, ahead))
    assert "behind" in failed(copy)["CLOCK_OFF"].sentence


def test_too_few_open_files_are_named(copy: Organisation) -> None:
    code = (
        "import resource, sys; from pathlib import Path;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024));"
        "from node.engine.before_start import engine_before_start;"
        "from node.engine.organisation import Organisation;"
        "print([f.code for f in engine_before_start(Organisation(Path(sys.argv[1])))"
        " if f.state == 'fail'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(copy.directory)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "OPEN_FILES_FEW" in done.stdout
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 1024


def test_a_disk_nearly_full_is_named(copy: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    free = shutil.disk_usage(copy.directory).free
    monkeypatch.setattr(looked, "DISK_FAIL_BYTES", free * 2)
    assert "DISK_NEARLY_FULL" in failed(copy)


def test_a_directory_that_is_in_order_fails_in_nothing(copy: Organisation) -> None:
    assert failed(copy) == {}
