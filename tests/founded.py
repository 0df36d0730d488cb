"""A founded network on a real ledger: members with keys, and acts relayed without a node."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from support.ledgers import ENGINE, permit

from identity.acts.typed import Act, Value, digest, encode
from identity.acts.types import ActType
from identity.acts.words import KeyPurpose, Role
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.deploy import send, wait_final
from node.chain.events import Event, read_event
from node.chain.founding import Admission, Assignment, Founding, found
from node.chain.network import Network, Seat, WaitingTimes
from node.chain.relaying import gas_for, submit_calldata
from node.chain.rpc import Rpc, data

PORT_OF_LOADING = 1
PORT_OF_DISCHARGE = 2
GAS_CAP = 1_500_000
WAITING = WaitingTimes(enforcement_seconds=1, transfer_seconds=1)
NOBODY = bytes(32)
ROLES = {
    "carrier": Role.CARRIER,
    "shipper": Role.SHIPPER,
    "bank": Role.BANK,
    "consignee": Role.CONSIGNEE,
    "terminal": Role.TERMINAL,
    "customs": Role.CUSTOMS,
}


@dataclass(frozen=True)
class FoundedMember:
    """A member and its keys."""

    name: str
    id: bytes = field(default_factory=lambda: os.urandom(32))
    act: SigningKey = field(default_factory=SigningKey.generate)
    relay: SigningKey = field(default_factory=SigningKey.generate)
    witness: SigningKey = field(default_factory=SigningKey.generate)

    def admission(self) -> Admission:
        """Return its admission; its profile is not a real one."""
        keys = ((self.act, KeyPurpose.ACT), (self.relay, KeyPurpose.RELAY))
        keys += ((self.witness, KeyPurpose.WITNESS),)
        return Admission(
            data(self.id),
            int(ROLES[self.name]),
            "0x" + "77" * 32,
            tuple((data(key_id(key.address)), int(purpose)) for key, purpose in keys),
        )


class Founded:
    """Six members under a 2-of-3 council, on the ledger at ``url``.

    ``begin`` is false for a test that does the founding itself, by ``found``.
    """

    network: Network

    def __init__(self, url: str, begin: bool = True) -> None:
        self.url = url
        self.ledger = Rpc(url)
        self.members = {name: FoundedMember(name) for name in ROLES}
        self.founder = SigningKey.generate()
        councils = [SigningKey.generate() for _ in range(3)]
        holders = list(self.members.values())[:3]
        self.council = {data(member.id): key for member, key in zip(holders, councils, strict=True)}
        self.founding = Founding(
            nonce=data(os.urandom(32)),
            founder=data(self.founder.address),
            seats=tuple(Seat(seat, data(key.address)) for seat, key in self.council.items()),
            threshold=2,
            rulebook="0x" + "66" * 32,
            waiting=WAITING,
            admissions=tuple(member.admission() for member in self.members.values()),
            assignments=(
                Assignment(PORT_OF_DISCHARGE, Role.TERMINAL, data(self.members["terminal"].id)),
                Assignment(PORT_OF_DISCHARGE, Role.CUSTOMS, data(self.members["customs"].id)),
            ),
            engine=ENGINE,
        )
        if begin:
            self.network = self.found()

    def close(self) -> None:
        """Close the connections to the ledger."""
        self.ledger.close()

    def found(self) -> Network:
        """Run the whole founding; what is done already stays."""
        permit(self.url, self.founding)
        expires = int(time.time()) + 3_600
        return found(self.ledger, self.founding, self.founder, self.council, expires)

    def act(
        self,
        principal: str,
        name: str,
        object_id: bytes,
        counter: int,
        signing_key: SigningKey | None = None,
        expires: int | None = None,
        **fields: Value,
    ) -> tuple[str, bytes]:
        """Return a signed act's digest (``0x`` hex) and wire form."""
        member = self.members[principal]
        header: Mapping[str, Value] = {
            "principal": member.id,
            "delegation": NOBODY,
            "object": object_id,
            "counter": counter,
            "expires": int(time.time()) + 240 if expires is None else expires,
            "companion": NOBODY,
        }
        act = Act(name, dict(header) | fields)
        signed = digest(self.network.domain(ActType.by_name(name).contract), act)
        return data(signed), encode(act, (signing_key or member.act).sign(signed))

    def submit(self, contract: str, *wires: bytes, relayer: str = "carrier") -> list[Event]:
        """Relay acts in one transaction and return its events once it is final."""
        key = self.members[relayer].relay
        nonce = int(self.ledger.call("eth_getTransactionCount", data(key.address), "pending"), 16)
        to, gas = self.network.address(contract), min(30_000_000, gas_for(wires, GAS_CAP))
        chain_id, engine = self.network.chain_id, self.network.profile
        calldata = submit_calldata(list(wires))
        transaction = send(self.ledger, key, chain_id, nonce, to, calldata, gas, engine)
        names = {given.address: name for name, given in self.network.contracts.items()}
        return [
            read_event(log, names[log["address"].lower()], 0)
            for log in wait_final(self.ledger, transaction, engine)["logs"]
        ]
