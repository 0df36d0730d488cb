"""Who is on the lists may write, nobody else; operators manage the lists, and nobody is Admin."""

from collections.abc import Iterator

import pytest
from eth_hash.auto import keccak
from support.avalanche import Network
from support.transfers import send_transfers, start_transfer

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.rpc import Rpc
from node.engine.errors import EngineRefused
from node.engine.permissions import (
    DEPLOYERS,
    TRANSACTIONS,
    allow,
    change,
    disallow,
    role,
    send_all,
)
from node.oversight.allow_lists import Role


@pytest.fixture(scope="module")
def ledger(network: Network) -> Iterator[Rpc]:
    ledger = Rpc(network.urls[0])
    yield ledger
    ledger.close()


def test_a_stranger_is_refused_at_the_door(ledger: Rpc) -> None:
    with pytest.raises(RpcRefused):
        start_transfer(ledger, SigningKey.generate(), 0)


def test_whoever_is_allowed_has_money_and_may_send_and_no_longer_when_taken_off(
    network: Network, ledger: Rpc
) -> None:
    relayer = SigningKey.generate()
    allow(ledger, network.operator(), [relayer.address])
    assert role(ledger, TRANSACTIONS, relayer.address) is Role.ENABLED
    assert role(ledger, DEPLOYERS, relayer.address) is Role.NONE
    assert len(send_transfers(network.urls[1], relayer, 2)) == 2
    disallow(ledger, network.operator(1), [relayer.address])
    assert role(ledger, TRANSACTIONS, relayer.address) is Role.NONE
    with pytest.raises(RpcRefused):
        start_transfer(ledger, relayer, 2)


def test_allowing_again_changes_nothing(network: Network, ledger: Rpc) -> None:
    relayer = SigningKey.generate()
    assert allow(ledger, network.operator(), [relayer.address], deployer=True)
    assert allow(ledger, network.operator(), [relayer.address], deployer=True) == []


def test_every_operator_is_a_manager_and_no_admin(network: Network, ledger: Rpc) -> None:
    for place in range(len(network.validators)):
        operator = network.operator(place).address
        assert role(ledger, TRANSACTIONS, operator) is Role.MANAGER
        assert role(ledger, DEPLOYERS, operator) is Role.MANAGER


def test_an_operator_makes_neither_managers_nor_admins(network: Network, ledger: Rpc) -> None:
    someone = SigningKey.generate().address
    for signature in (b"setManager(address)", b"setAdmin(address)"):
        wanted = change(TRANSACTIONS, keccak(signature)[:4], someone)
        with pytest.raises(EngineRefused):
            send_all(ledger, network.operator(), [wanted])
    assert role(ledger, TRANSACTIONS, someone) is Role.NONE


def test_an_operator_cannot_take_another_operator_off(network: Network, ledger: Rpc) -> None:
    other = network.operator(1).address
    with pytest.raises(EngineRefused):
        disallow(ledger, network.operator(0), [other])
    assert role(ledger, TRANSACTIONS, other) is Role.MANAGER
