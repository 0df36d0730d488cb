"""A network is founded by k of n, all founders have the same files, nothing final is lost."""

import json
import time

import pytest
from support.avalanche import Network
from support.transfers import height_and_hash, send_transfers

from identity.keys.secp256k1 import SigningKey
from node.chain.rpc import Rpc
from node.engine import council
from node.engine.configuration import NODE, parameters
from node.engine.errors import EngineRefused
from node.engine.founding import EVM_GENESIS, GENESIS, UPGRADES, load_founding, render


def test_every_founder_renders_the_same_bytes(network: Network) -> None:
    for name in (GENESIS, EVM_GENESIS, UPGRADES, "founding.json", "bundle.json"):
        assert len({(each.directory / name).read_bytes() for each in network.validators}) == 1, name


def test_rendering_again_gives_the_same_bytes(network: Network) -> None:
    one = network.validators[0]
    founding = load_founding(one.directory / "founding.json")
    for name, content in render(founding, one.organisation.programs).items():
        assert (one.directory / name).read_bytes() == content


def test_one_signature_too_few_is_refused_and_the_last_one_is_enough(network: Network) -> None:
    machine, founding = network.machine, network.bundle.founding
    signers = founding.founders[: founding.threshold]
    first = machine.organisation(signers[0].name)
    draft = council.build(first, founding, signers, [council.subnet()])
    for half in signers[:-1]:
        own = machine.organisation(half.name)
        draft = council.sign(own, machine.passphrases[half.name], draft)
    with pytest.raises(EngineRefused):
        council.issue(first, draft)
    last = signers[-1].name
    draft = council.sign(machine.organisation(last), machine.passphrases[last], draft)
    assert draft.missing == 0
    assert council.issue(first, draft)


def test_who_is_not_among_the_signers_cannot_sign(network: Network) -> None:
    machine, founding = network.machine, network.bundle.founding
    signers, outsider = founding.founders[: founding.threshold], founding.founders[-1].name
    first = machine.organisation(signers[0].name)
    draft = council.build(first, founding, signers, [council.subnet()])
    with pytest.raises(EngineRefused, match="no place"):
        council.sign(machine.organisation(outsider), machine.passphrases[outsider], draft)


def test_the_founding_key_has_nothing_left(network: Network) -> None:
    machine, founding = network.machine, network.bundle.founding
    holder = next(half.name for half in founding.founders if half.founding)
    with pytest.raises(EngineRefused, match="nothing left"):
        council.fund_treasury(machine.organisation(holder), machine.passphrases[holder], founding)


def test_both_databases_wait_for_the_disk(network: Network) -> None:
    for each in network.validators:
        node = json.loads((each.directory / NODE).read_bytes())
        chain = each.directory / "chains" / network.bundle.chain / "config.json"
        assert node["db-type"] == "pebbledb"
        assert node["db-config-file-content"] == "eyJzeW5jIjogdHJ1ZX0="
        assert json.loads(chain.read_bytes())["database-config"] == "eyJzeW5jIjogdHJ1ZX0="


def test_the_parameters_tolerate_one_of_five() -> None:
    five = parameters(5)
    assert (five["k"], five["alphaPreference"], five["alphaConfidence"]) == (5, 3, 4)


def test_nothing_final_is_lost_when_all_are_killed_at_once(network: Network) -> None:
    sender = SigningKey.generate()
    network.allow([sender.address])
    sent = send_transfers(network.urls[0], sender, 20)
    for each in network.validators:
        each.kill()
    network.start()
    ledgers = [Rpc(url) for url in network.urls]
    try:
        for ledger in ledgers:
            receipts = ledger.batch([("eth_getTransactionReceipt", [each]) for each in sent])
            assert all(receipt["status"] == "0x1" for receipt in receipts)
        deadline = time.monotonic() + 30
        while len({height_and_hash(ledger) for ledger in ledgers}) > 1:
            assert time.monotonic() < deadline, "the validators do not agree"
            time.sleep(0.5)
    finally:
        for ledger in ledgers:
            ledger.close()
