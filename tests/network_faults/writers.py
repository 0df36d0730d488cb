"""Who may write has no money, or who may not write, or a member, writes without end."""

import os
import time

from faults.kinds import Kinds
from faults.world import wait_for
from network_faults.world import NetworkWorld, final_while
from support.peers import PASSPHRASE

from identity.keys.keystore import Keystore
from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.relaying import sign_transaction, submit_calldata
from node.chain.rpc import Rpc, data
from node.engine.permissions import TRANSFER_GAS, Sent, send_all

KINDS: Kinds[NetworkWorld] = Kinds()
PATIENT_SECONDS = 180
SPAM = 600
SPAM_GAS, FEE_WEI = 300_000, 1


@KINDS.kind("relayer: out of money")
def out_of_money(world: NetworkWorld) -> None:
    """A member's relayer has spent all its money: its writes wait and lose nothing, and go on once
    an operator has funded it."""
    key = _relayer(world, "terminal")
    rpc = Rpc(world.validator("terminal").url)
    try:
        world.final(world.take(world.registering()), PATIENT_SECONDS)
        _drain(rpc, key, world)
        item = world.take(world.registering())
        time.sleep(15)
        assert world.command(item)["state"] in ("accepted", "signed", "relayed")
        assert int(rpc.call("eth_getBalance", data(key.address), "latest"), 16) < 21_000
    finally:
        rpc.close()
        world.engine.allow([key.address], deployer=False)
    world.final(item, PATIENT_SECONDS)


@KINDS.kind("spam: from a stranger")
def stranger(world: NetworkWorld) -> None:
    """Somebody who is on no list sends transactions without end: each is refused at the door, and
    members' writes go on."""
    key, rpc = SigningKey.generate(), Rpc(world.validator("carrier").url)
    refused = 0
    try:
        with world.busy():
            for nonce in range(SPAM):
                try:
                    rpc.call("eth_sendRawTransaction", _junk(world, key, nonce))
                except RpcRefused:
                    refused += 1
            final_while(world, PATIENT_SECONDS)
    finally:
        rpc.close()
    assert refused == SPAM, f"{SPAM - refused} of a stranger's transactions were taken"


@KINDS.kind("spam: from a member")
def member(world: NetworkWorld) -> None:
    """A member's relayer sends acts that say nothing, without end: they pay and do nothing, and
    the other members' writes go on."""
    key, rpc = SigningKey.generate(), Rpc(world.validator("shipper").url)
    world.engine.allow([key.address], deployer=False)
    sent = 0
    try:
        with world.busy():
            for nonce in range(SPAM):
                try:
                    rpc.call("eth_sendRawTransaction", _junk(world, key, nonce))
                    sent += 1
                except RpcRefused:  # the pool holds so many of one account
                    break
            final_while(world, PATIENT_SECONDS)
        assert sent > 50, f"only {sent} were taken"
        wait_for(
            lambda: int(rpc.call("eth_getTransactionCount", data(key.address), "latest"), 16) > 10,
            "they are mined", PATIENT_SECONDS,
        )  # fmt: skip
    finally:
        rpc.close()


def _relayer(world: NetworkWorld, name: str) -> SigningKey:
    store = Keystore.open(world.members[name].directory / "relay.keys.json", PASSPHRASE)
    return store.signing_key(next(e.name for e in store.entries() if e.purpose == "relay"))


def _junk(world: NetworkWorld, key: SigningKey, nonce: int) -> str:
    """A transaction that hands Membership something that is no act."""
    network = world.network()
    raw, _ = sign_transaction(
        key, network.chain_id, nonce, network.address("Membership"),
        submit_calldata([os.urandom(300)]), SPAM_GAS, FEE_WEI,
    )  # fmt: skip
    return data(raw)


def _drain(rpc: Rpc, key: SigningKey, world: NetworkWorld) -> None:
    """Give all that an account has to an operator, but for less than one transaction's fee."""
    owned = int(rpc.call("eth_getBalance", data(key.address), "latest"), 16)
    rest = owned - TRANSFER_GAS * FEE_WEI
    send_all(rpc, key, [Sent(world.engine.operator().address, rest, b"", TRANSFER_GAS)])
