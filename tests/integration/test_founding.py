"""A network is founded by its council's motions on a real ledger, whatever happens on the way."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from founded import Founded
from ledger_process import running_ledger
from support.ledgers import permit

from identity.acts.words import KeyPurpose
from identity.keys.secp256k1 import SigningKey
from node.chain.errors import FoundingRefused, LedgerDiffers
from node.chain.founding import Founding, deploy_network, found, outstanding
from node.chain.network import Network, check, check_ledger
from node.chain.rpc import Answer, Ledger, Request, data
from node.errors import LedgerUnavailable


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as running:
        yield running


@pytest.fixture
def unfounded(url: str) -> Iterator[Founded]:
    network = Founded(url, begin=False)
    permit(url, network.founding)
    yield network
    network.close()


class Failing:
    """A ledger whose connection breaks after some requests, as when the founding is killed."""

    def __init__(self, ledger: Ledger, requests: int) -> None:
        self._ledger = ledger
        self._left = requests

    def call(self, method: str, *params: Any) -> Any:
        self._count()
        return self._ledger.call(method, *params)

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        self._count()
        return self._ledger.batch(requests)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LedgerUnavailable("The connection broke.")


def founded_with(unfounded: Founded, founding: Founding, seats: int = 3) -> Network:
    keys = dict(list(unfounded.council.items())[:seats])
    expires = int(time.time()) + 3_600
    return found(unfounded.ledger, founding, unfounded.founder, keys, expires)


def test_a_founded_network_is_what_its_file_says(unfounded: Founded) -> None:
    network = unfounded.found()
    check(network)
    check_ledger(unfounded.ledger, network)
    assert {witness.member for witness in network.witnesses} == {
        data(member.id) for member in unfounded.members.values()
    }
    assert all(witness.from_height >= network.deployed_height for witness in network.witnesses)
    assert outstanding(unfounded.ledger, unfounded.founding, network) == []


def test_founding_again_changes_nothing(unfounded: Founded) -> None:
    network = unfounded.found()
    assert unfounded.found() == network


def test_a_founding_that_is_killed_again_and_again_ends_the_same(unfounded: Founded) -> None:
    founding, expires = unfounded.founding, int(time.time()) + 3_600
    network = None
    for requests in range(3, 200, 6):
        ledger = Failing(unfounded.ledger, requests)
        try:
            network = found(ledger, founding, unfounded.founder, unfounded.council, expires)
        except LedgerUnavailable:
            continue
        break
    assert network is not None
    assert unfounded.found() == network


def test_one_seat_alone_admits_nobody(unfounded: Founded) -> None:
    with pytest.raises(FoundingRefused) as refused:
        founded_with(unfounded, unfounded.founding, seats=1)
    assert set(refused.value.facts["motions"]) == {"AdmitMember", "AssignAuthority"}


def test_a_seat_signing_twice_is_one_assent(unfounded: Founded) -> None:
    for _ in range(2):
        with pytest.raises(FoundingRefused) as refused:
            founded_with(unfounded, unfounded.founding, seats=1)
    assert refused.value.facts["error"] in {"SeatAssented", "MemberUnknown"}


def test_a_contracts_refusal_is_told(unfounded: Founded) -> None:
    first, *others = unfounded.founding.admissions
    twice = replace(first, keys=(*first.keys, (first.keys[0][0], int(KeyPurpose.ACT))))
    founding = replace(unfounded.founding, admissions=(twice, *others), assignments=())
    with pytest.raises(FoundingRefused) as refused:
        founded_with(unfounded, founding)
    assert refused.value.facts["error"] == "KeyInUse"
    assert refused.value.facts["reason"] == {"key": first.keys[0][0]}


def test_another_key_than_the_founding_accounts_is_refused(unfounded: Founded) -> None:
    with pytest.raises(FoundingRefused):
        deploy_network(unfounded.ledger, unfounded.founding, SigningKey.generate())


def test_an_account_that_has_founded_another_network_is_refused(unfounded: Founded) -> None:
    unfounded.found()
    for change in ({"nonce": "0x" + "01" * 32}, {"rulebook": "0x" + "02" * 32}):
        other = replace(unfounded.founding, **change)
        with pytest.raises(FoundingRefused, match="another network"):
            deploy_network(unfounded.ledger, other, unfounded.founder)


def test_a_file_of_another_ledger_is_refused(unfounded: Founded) -> None:
    network = unfounded.found()
    with pytest.raises(LedgerDiffers):
        check_ledger(unfounded.ledger, replace(network, chain_id=1))
    with pytest.raises(LedgerDiffers):
        check_ledger(unfounded.ledger, replace(network, genesis="0x" + "00" * 32))
    other = replace(network.contracts["Titles"], code_hash="0x" + "00" * 32)
    with pytest.raises(LedgerDiffers) as refused:
        check_ledger(
            unfounded.ledger, replace(network, contracts=network.contracts | {"Titles": other})
        )
    assert refused.value.facts == {"contract": "Titles"}
