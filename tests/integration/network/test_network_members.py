"""A sixth organisation joins and leaves a running network, and ``status`` tells what is so."""

import dataclasses
import secrets
import time
from pathlib import Path

import pytest
from founded import Founded
from support.avalanche import Network, RunningValidator, free_ports
from support.transfers import height_and_hash, send_transfers

from api.cli.errors import UsageInvalid
from api.cli.network_drafts import drafted, joined
from identity.keys.secp256k1 import SigningKey
from node.chain.network import load, save
from node.chain.rpc import Rpc
from node.engine import council
from node.engine.bundle import parse, require_named
from node.engine.configuration import configure, waits_for_disk
from node.engine.errors import EngineFileInvalid
from node.engine.machine import decide
from node.engine.organisation import make_keys
from node.engine.primary import validators_of
from node.engine.process import Validator, follows
from node.engine.status import status
from node.upkeep.running import of_engine

JOIN_SECONDS = 60.0


@pytest.fixture(scope="module")
def network_file(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """network.json of contracts on the network, naming its bundle, signed by their council."""
    founded = Founded(network.urls[0], begin=False)
    founded.founding = dataclasses.replace(founded.founding, engine_bundle=network.bundle.hash)
    path = tmp_path_factory.mktemp("file") / "network.json"
    save(founded.found(), path)
    founded.close()
    return path


def newcomer(network: Network, folder: Path, name: str) -> RunningValidator:
    rpc, peers = free_ports(2)
    made = make_keys(folder / name, name, "127.0.0.1", (rpc, peers), secrets.token_hex(16))
    return RunningValidator(made, network.bundle.rpc(made.url), network.bundle, Validator(made))


def test_a_bundle_with_one_byte_changed_is_refused(
    network: Network, network_file: Path, tmp_path: Path
) -> None:
    content = network.bundle.content()
    changed = tmp_path / "bundle.json"
    changed.write_bytes(content.replace(b'"threshold": 3', b'"threshold": 2'))
    late = newcomer(network, tmp_path, "late")
    with pytest.raises(EngineFileInvalid, match="names the bundle"):
        joined(late.organisation, changed, network_file, None)
    file = load(network_file)
    with pytest.raises(EngineFileInvalid, match="chain id"):
        require_named(network.bundle, dataclasses.replace(file, chain_id=1))
    with pytest.raises(EngineFileInvalid, match="names the bundle None"):
        require_named(network.bundle, dataclasses.replace(file, engine_bundle=None))
    with pytest.raises(EngineFileInvalid, match="was changed"):
        parse(content + b" ")


def test_a_sixth_joins_and_leaves_while_transactions_go_on(
    network: Network, network_file: Path, tmp_path: Path
) -> None:
    machine, founding, bundle = network.machine, network.bundle.founding, network.bundle
    first = network.validators[0].organisation
    given = tmp_path / "bundle.json"
    given.write_bytes(bundle.content())
    sixth = newcomer(network, tmp_path, "org6")
    joined(sixth.organisation, given, network_file, 5)
    sixth.start(wait=False)
    try:
        began = time.monotonic()
        half = sixth.organisation.public
        stake = council.stake(half, int(time.time()))
        place = council.validator(half, bundle.subnet, stake["end"])
        decide(machine, founding, [stake, place])
        sixth.start()
        assert time.monotonic() - began < JOIN_SECONDS
        assert len(validators_of(first.url, bundle.subnet)) == 6
        sender = SigningKey.generate()
        network.allow([sender.address])
        everyone = [*network.validators, sixth]
        assert "do not wait for the disk" in " ".join(status(sixth.organisation)["trouble"])
        _retune(everyone, 6)
        assert waits_for_disk(sixth.directory)
        send_transfers(sixth.url, sender, 3)
        _agree(everyone)
        told = status(first, [each.organisation for each in everyone[1:]])
        assert [row["lag"] for row in told["validators"] if row["name"] == "org1"] == [0]
        assert told["trouble"] == status(sixth.organisation)["trouble"] == []
        names = [half.name for half in founding.founders[: founding.threshold]]
        with pytest.raises(UsageInvalid, match="more than 5"):
            drafted(first, "remove", names, None, None, half.node_id)
        _retune(everyone, 5)
        decide(machine, founding, [council.removal(half.node_id, bundle.subnet)])
        assert len(validators_of(first.url, bundle.subnet)) == 5
    finally:
        sixth.kill()
    send_transfers(network.urls[1], _allowed(network), 2)


def test_status_names_the_validator_that_is_silent(network: Network) -> None:
    own = network.validators[0].organisation
    silent = network.validators[4]
    assert [each.state for each in of_engine(own)] == ["ok"]
    silent.kill()
    try:
        deadline = time.monotonic() + 90
        while not (trouble := status(own)["trouble"]):
            assert time.monotonic() < deadline, "the silence is not noticed"
            time.sleep(1)
        assert any(silent.name in sentence and "not connected" in sentence for sentence in trouble)
        assert [(each.code, each.sentence) for each in of_engine(own)] == [
            ("ENGINE_TROUBLE", sentence) for sentence in trouble
        ]
    finally:
        silent.start()


def _retune(validators: list[RunningValidator], count: int) -> None:
    for each in validators:
        configure(each.organisation, each.bundle, count)
        each.stop()
        each.start()


def _allowed(network: Network) -> SigningKey:
    sender = SigningKey.generate()
    network.allow([sender.address])
    return sender


def _agree(validators: list[RunningValidator]) -> None:
    ledgers = [Rpc(each.url) for each in validators]
    deadline = time.monotonic() + 30
    while len({height_and_hash(ledger) for ledger in ledgers}) > 1:
        assert time.monotonic() < deadline, "the validators do not agree"
        time.sleep(0.5)
    for ledger in ledgers:
        ledger.close()
    assert all(follows(each.organisation.url, each.bundle.chain) for each in validators)
