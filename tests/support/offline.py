"""A whole node of one member without a ledger; what a follower would write is written directly."""

import secrets
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from sqlmodel import select
from support.members import DISCHARGE, ENVIRONMENT, EVERY_ROLE
from support.peers import PASSPHRASE, bill_number, make_bill

from identity.acts.words import (
    DeviceState,
    KeyPurpose,
    MemberStatus,
    RightState,
    Role,
    TitleKind,
    TitleState,
)
from identity.keys.keystore import Keystore
from identity.keys.secp256k1 import SigningKey
from identity.policy.decide import Actor
from identity.signatures import numbering as numbers
from node.chain.network import CONTRACT_NAMES, DeployedContract, Network, Seat, network_id, save
from node.documents.package import Numbering
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.rulebook import default_rulebook, rulebook_hash
from node.errors import NotAllowed, Refused
from node.member import Addresses, NewMember, create_member, write_json
from node.node import Node
from node.settings import Settings
from node.store.commands import Command, OutboxRow
from node.store.device_projections import Device
from node.store.projections import NOBODY, Authority, Member, MemberKey, PickupRight, Title

LOADING = default_rulebook().port_id("DKAAR")
NOWHERE = "http://127.0.0.1:1"


def new_id() -> str:
    """Return a random id, ``0x`` hex."""
    return "0x" + secrets.token_hex(32)


class OfflineMember:
    """One member's node, and the projections it is told."""

    def __init__(self, folder: Path, name: str, roles: Role) -> None:
        self.new = _make(folder, name, roles)
        self.id = self.new.hex_id
        save(_network(self.id), self.new.directory / "network.json")
        self.node = Node(Settings.load(self.new.directory), ENVIRONMENT)
        self.admit(self.new)
        self._numbering_key: RSAPrivateKey | None = None

    def admit(self, new: NewMember) -> str:
        """Let the node know a member with a profile."""
        write_json(self.new.directory / "profiles" / f"{new.hex_id}.json", new.profile.to_json())
        self.put(*_rows_of(new))
        return new.hex_id

    def other(
        self,
        roles: Role = Role.SHIPPER,
        status: MemberStatus = MemberStatus.ACTIVE,
        successor: str = NOBODY,
    ) -> str:
        """Let the node know a member by its row alone; return its id."""
        row = _member_row(new_id(), roles, NOBODY, status)
        row.successor = successor
        self.put(row)
        return row.id

    def assign(self, member: str, role: Role, port: int = DISCHARGE) -> None:
        """Let the node know an authority."""
        self.put(Authority(port=port, role=int(role), member=member))

    def title(self, **given: Any) -> Title:
        """Let the node know a live title that it holds, changed by ``given``."""
        row = Title(
            **{
                "id": new_id(), "state": int(TitleState.LIVE), "kind": int(TitleKind.ORDER),
                "counter": 2, "version": 1, "carrier": NOBODY, "holder": self.id,
                "pledgee": NOBODY, "controller": self.id, "party": NOBODY,
                "counterparty": NOBODY, "offer": NOBODY, "offer_act": NOBODY, "offer_capacity": 0,
                "offer_endorsement": 0, "offer_purpose": 0, "deadline": 0, "amended": NOBODY,
                "consented": False, "enforceable_from": 0, "freezes": 0, "loading": LOADING,
                "discharge": DISCHARGE, "root": new_id(), "last_digest": NOBODY,
                "issued_block": 1, "last_block": 1,
            } | given
        )  # fmt: skip
        self.put(row)
        return row

    def offered(self, **given: Any) -> Title:
        """Let the node know a title that is offered to it."""
        terms = {
            "controller": NOBODY, "counterparty": self.id, "offer": new_id(),
            "offer_capacity": 1, "deadline": int(time.time()) + 3600,
        }  # fmt: skip
        return self.title(**terms | given)

    def bill(self, number: str) -> str:
        """Keep an own bill; return its root."""
        with self.node.db.begin() as session:
            return self.node.documents.store_own(
                session, make_bill(number), TRANSPORT_DOCUMENT
            ).root

    def numbered(self, **given: Any) -> Title:
        """Let the node know a live title of this carrier, and keep its numbered bill."""
        number = bill_number()
        root = self.bill(number)
        if self._numbering_key is None:
            signer = Keystore.open(self.new.directory / "signer.keys.json", PASSPHRASE)
            self._numbering_key = signer.rsa_key("numbering")
        signature = numbers.number(self._numbering_key, self.new.id, number)
        title = "0x" + numbers.tag(signature).hex()
        with self.node.db.begin() as session:
            numbering = Numbering(self.id, number, signature)
            self.node.documents.number(session, root, title, numbering)
        return self.title(**{"id": title, "carrier": self.id, "root": root} | given)

    def put(self, *rows: Any) -> None:
        """Store or replace rows."""
        with self.node.db.begin() as session:
            for row in rows:
                session.merge(row)

    def ask(self, verb: str, **body: Any) -> Command:
        """Hand in a command as a person who has every role."""
        actor = Actor(self.id, "somebody", EVERY_ROLE)
        return self.node.handler.submit(actor, secrets.token_hex(8), verb, body)

    def rows(self, model: type[Any]) -> list[Any]:
        """Return all rows of a table."""
        with self.node.db.read() as session:
            return list(session.exec(select(model)))

    def work_for(self, command: Command) -> list[OutboxRow]:
        """Return the outbox rows that speak of a command."""

        def named(row: OutboxRow) -> list[str]:
            return row.payload.get("commands") or [row.payload.get("command")]

        return [row for row in self.rows(OutboxRow) if command.id in named(row)]


def refused(member: OfflineMember, verb: str, **body: Any) -> str:
    """Return the code with which a command is refused."""
    with pytest.raises((Refused, NotAllowed)) as refusal:
        member.ask(verb, **body)
    return refusal.value.code


def fields_of(member: OfflineMember, verb: str, **body: Any) -> dict[str, Any]:
    """Return the fields of the act that a command makes."""
    act = member.ask(verb, **body).act
    assert act is not None
    fields: dict[str, Any] = act["fields"]
    return fields


def lane_row(member: str, key: SigningKey) -> Device:
    """Return a lane of ``member`` at the port of discharge, as projected."""
    return Device(
        id=new_id(), principal=member, key="0x" + key.address.hex(), kind=1, port=DISCHARGE,
        calibrated_until=2_000_000_000, certificate=NOBODY,
        state=int(DeviceState.IN_SERVICE), reports=NOBODY,
        counter=1, device_counter=0,
    )  # fmt: skip


def right_row(right: str, order: str, container: str, terminal: str) -> PickupRight:
    """Return a pickup right on which nobody has acted, as projected."""
    return PickupRight(
        id=right, order=order, container=container, terminal=terminal,
        state=int(RightState.READY), counter=0, early_attempts=0, used_lane=NOBODY, used_at=0,
        used_reports=NOBODY, returned_lane=NOBODY, returned_at=0, owner=NOBODY,
        offered_to=NOBODY, offer=NOBODY, deadline=0, reinstatement=NOBODY, damage_out=NOBODY,
        out_at=0, damage_in=NOBODY, in_at=0,
    )  # fmt: skip


def _make(folder: Path, name: str, roles: Role) -> NewMember:
    addresses = Addresses("127.0.0.1", 1, 2, NOWHERE)
    passphrases = {"signer": PASSPHRASE, "node": PASSPHRASE}
    return create_member(folder / name, (name, name), roles, addresses, passphrases)


def _network(member: str) -> Network:
    """Return a signed network.json of a network that exists nowhere."""
    key = SigningKey.generate()
    seats = (Seat(member, "0x" + key.address.hex()),)
    genesis, nonce = new_id(), new_id()
    network = Network(
        chain_id=7741,
        network_id=network_id(seats, 1, genesis, 7741, nonce),
        nonce=nonce,
        genesis=genesis,
        engine="embedded",
        operator=None,
        deployed_height=1,
        contracts={
            name: DeployedContract(f"0x{i:040x}", new_id())
            for i, name in enumerate(CONTRACT_NAMES, start=1)
        },
        threshold=1,
        seats=seats,
        rulebook="0x" + rulebook_hash(default_rulebook()).hex(),
        waiting=default_rulebook().waiting,
        witnesses=(),
    )
    return network.signed_by(member, key)


def _member_row(member: str, roles: Role, profile: str, status: MemberStatus) -> Member:
    return Member(
        id=member, number=1, roles=int(roles), status=int(status), counter=3, profile=profile,
        rulebook=NOBODY, successor=NOBODY, admitted_block=1,
    )  # fmt: skip


def _rows_of(new: NewMember) -> list[Any]:
    profile = "0x" + new.profile.hash.hex()
    keys = [
        MemberKey(
            member=new.hex_id, key="0x" + key.hex(), purpose=int(KeyPurpose(purpose)),
            valid_from=0, valid_until=0, revoked_at=0, added_block=1,
        )
        for key, purpose in new.keys
    ]  # fmt: skip
    return [_member_row(new.hex_id, new.roles, profile, MemberStatus.ACTIVE), *keys]
