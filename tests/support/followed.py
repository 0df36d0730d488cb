"""What a follower's tables say, held against what the contracts say, and lives to follow."""

import os
import random
import re
import time
from typing import Any

from eth_hash.auto import keccak
from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded
from sqlmodel import SQLModel, select

from identity.acts.words import (
    Capacity,
    Endorsement,
    SurrenderPurpose,
    TitleKind,
    TitleState,
)
from node.chain.events import Event
from node.chain.follower import Follower
from node.chain.rpc import data, read_bytes
from node.chain.views import view
from node.store.council_projections import Delegation
from node.store.database import Database
from node.store.device_projections import Device, ReportCorrection
from node.store.projections import (
    ACTED,
    Authority,
    DeliveryOrder,
    Member,
    MemberKey,
    OrderCondition,
    PickupRight,
    Title,
    TitleFreeze,
)

SEED = 20_261_122
ROUNDS = 14
TITLES = 6
ROOT = b"\x55" * 32
NOBODY_HEX = "0x" + "00" * 32


def follow(founded: Founded, store: Database) -> None:
    follower = Follower(founded.ledger, store, founded.network)
    while follower.step():
        pass


def rows(store: Database, model: type[SQLModel]) -> list[Any]:
    with store.read() as session:
        return list(session.exec(select(model)).all())


def view_of(founded: Founded, contract: str, function: str, *arguments: Any) -> dict[str, Any]:
    block = int(founded.ledger.call("eth_blockNumber"), 16)
    got = view(founded.ledger, founded.network, contract, function, *arguments, block=block)
    return {name: data(v) if isinstance(v, bytes) else v for name, v in got.items()}


class RandomLives:
    """Acts on some titles: mostly ones the contract may take, now and then anything."""

    def __init__(self, founded: Founded, seed: int) -> None:
        self.founded = founded
        self.random = random.Random(seed)
        self.names = {data(member.id): name for name, member in founded.members.items()}
        self.titles = [os.urandom(32) for _ in range(TITLES)]
        self.offers: dict[bytes, bytes] = {}  # what identifies an offer → its digest

    def play(self, rounds: int) -> None:
        for number in range(rounds):
            wires = [self._act(title, number) for title in self.titles]
            self.founded.submit("Titles", *wires)

    def _act(self, title: bytes, number: int) -> bytes:
        now = view_of(self.founded, "Titles", "titleOf", title)
        if now["state"] == TitleState.NONE:
            return self._issue(title, number)
        if self.random.random() < 0.15:
            return self._anything(title, now)
        return self._plausible(title, now)

    def _issue(self, title: bytes, number: int) -> bytes:
        straight = self.random.random() < 0.3
        party = (
            self._member("consignee")
            if straight
            else self.random.choice([NOBODY, self._member("shipper")])
        )
        return self._signed(
            "carrier",
            "Issue",
            title,
            0,
            kind=int(TitleKind.STRAIGHT if straight else TitleKind.ORDER),
            party=party,
            holder=self._member("shipper"),
            deadline=self._deadline(),
            loading=PORT_OF_LOADING,
            discharge=PORT_OF_DISCHARGE,
            root=ROOT,
        )

    def _plausible(self, title: bytes, now: dict[str, Any]) -> bytes:
        counter, offer = now["counter"], self.offers.get(read_bytes(now["offer"]), NOBODY)
        controller = view_of(self.founded, "Titles", "controllerOf", title)["controller"]
        by = self.names.get(controller, "carrier")
        if int(now["counterparty"], 16):
            to = self.names[now["counterparty"]]
            verb = self.random.choice(["Accept", "Accept", "Accept", "Decline", "Withdraw"])
            who = by if verb == "Withdraw" else to
            terms = {"root": ROOT} if verb == "Accept" else {}
            return self._signed(who, verb, title, counter, offer=offer, **terms)
        if now["state"] == TitleState.ISSUED and self.random.random() < 0.2:
            return self._signed("carrier", "VoidTitle", title, counter, reason=ROOT)
        if int(now["pledgee"], 16):
            return self._signed(by, "ReleasePledge", title, counter, root=ROOT)
        if now["state"] == TitleState.LIVE and self.random.random() < 0.3:
            return self._surrender(by, title, counter)
        return self._offer(by, title, counter)

    def _anything(self, title: bytes, now: dict[str, Any]) -> bytes:
        by = self.random.choice(list(self.founded.members))
        counter = max(0, now["counter"] + self.random.choice([-1, 0, 0, 1]))
        make = self.random.choice([self._offer, self._surrender])
        return make(by, title, counter)

    def _offer(self, by: str, title: bytes, counter: int) -> bytes:
        pledge = self.random.random() < 0.4
        to = "bank" if pledge else self.random.choice(["shipper", "consignee", "bank"])
        return self._signed(
            by,
            "Offer",
            title,
            counter,
            to=self._member(to),
            capacity=int(Capacity.PLEDGEE if pledge else Capacity.HOLDER),
            endorsement=0 if pledge else int(self.random.choice(list(Endorsement))),
            deadline=self._deadline(),
            root=ROOT,
        )

    def _surrender(self, by: str, title: bytes, counter: int) -> bytes:
        return self._signed(
            by,
            "Surrender",
            title,
            counter,
            purpose=1,
            root=ROOT,
            amended=NOBODY,
            deadline=self._deadline(),
        )

    def _signed(self, by: str, verb: str, title: bytes, counter: int, **fields: Any) -> bytes:
        digest, wire = self.founded.act(by, verb, title, counter, **fields)
        self.offers[keccak(read_bytes(digest) + ROOT)] = read_bytes(digest)
        return wire

    def _member(self, name: str) -> bytes:
        return self.founded.members[name].id

    def _deadline(self) -> int:
        return int(time.time()) + 3_600


def check_titles(founded: Founded, store: Database) -> None:
    for row in rows(store, Title):
        told = view_of(founded, "Titles", "titleOf", read_bytes(row.id))
        if row.offer != NOBODY_HEX and row.offer_purpose != SurrenderPurpose.AMENDMENT:
            named = keccak(read_bytes(row.offer) + read_bytes(row.root))
            assert told.pop("offer") == data(named)
        for name, value in told.items():
            column = re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), name)
            assert getattr(row, column) == value, (row, name)
        controller = view_of(founded, "Titles", "controllerOf", read_bytes(row.id))
        assert row.controller == controller["controller"]
    numbers = {row.number: row.id for row in rows(store, Member)} | {0: NOBODY_HEX}
    for row in rows(store, TitleFreeze):
        order = (read_bytes(row.title), read_bytes(row.order))
        told = view_of(founded, "Titles", "legalOrderOf", *order)
        assert row.stage == told["stage"]
        assert row.member == numbers[told["by"]]
        assert (row.proposed_by, row.proposed_to) == (
            numbers[told["proposer"]], numbers[told["to"]],
        )  # fmt: skip
        assert row.ends_lien == told["endsLien"]


def check_members(founded: Founded, store: Database) -> None:
    for row in rows(store, Member):
        told = view_of(founded, "Membership", "memberOf", read_bytes(row.id))
        assert row.rulebook == told.pop("acceptedRulebook")
        assert told == {name: getattr(row, name) for name in told}
    for row in rows(store, MemberKey):
        key = (read_bytes(row.member), read_bytes(row.key))
        told = view_of(founded, "Membership", "keyOf", *key)
        assert list(told.values()) == [
            row.purpose,
            row.valid_from,
            row.valid_until,
            row.revoked_at,
        ]
        told_of = view_of(founded, "Membership", "successorOf", read_bytes(row.member))
        assert told_of["successor"] == NOBODY_HEX
    for row in rows(store, Delegation):
        told = view_of(founded, "Membership", "delegationOf", read_bytes(row.id))
        assert (told["principal"], told["delegate"]) == (row.principal, row.delegate)
        assert (told["verbs"], told["title"]) == (int(row.verbs, 16), row.title)
        assert (told["until"], told["ended"]) == (row.until, row.ended_block is not None)
    for row in rows(store, Authority):
        place = (row.port, row.role, read_bytes(row.member))
        assert view_of(founded, "Membership", "assigned", *place)["whether"]


def check_releases(founded: Founded, store: Database) -> None:
    for row in rows(store, DeliveryOrder):
        told = view_of(founded, "Releases", "orderOf", read_bytes(row.id))
        names = ("state", "counter", "title", "root", "terminal", "port", "holds", "cancellation")
        for name in names:
            assert getattr(row, name) == told[name], name
    for row in rows(store, OrderCondition):
        told = view_of(founded, "Releases", "conditionOf", read_bytes(row.id))
        assert told == {name: getattr(row, name) for name in told}
    for row in rows(store, PickupRight):
        check_right(row, view_of(founded, "Releases", "rightOf", read_bytes(row.id)))
    for row in rows(store, Device):
        told = view_of(founded, "Devices", "deviceOf", read_bytes(row.id))
        assert told == {
            "state": row.state,
            "counter": row.counter,
            "owner": row.principal,
            "key": "0x" + row.key[2:].rjust(64, "0"),
            "kind": row.kind,
            "port": row.port,
            "calibratedUntil": row.calibrated_until,
            "deviceCounter": row.device_counter,
        }
    for row in rows(store, ReportCorrection):
        report = (read_bytes(row.device), read_bytes(row.wrong))
        assert view_of(founded, "Devices", "correctionOf", *report)["right"] == row.right


def check_right(row: PickupRight, told: dict[str, Any]) -> None:
    interchanged = 2 * (row.out_at != 0) + 4 * (row.in_at != 0)
    assert (told["state"], told["counter"], told["order"]) == (row.state, row.counter, row.order)
    assert (told["owner"], told["to"]) == (row.owner, row.offered_to)
    assert (told["interchanged"], told["reports"], told["misread"]) == (
        interchanged, row.used_reports, row.reinstatement,
    )  # fmt: skip
    if row.offered_to != NOBODY_HEX:
        assert (told["offer"], told["deadline"]) == (row.offer, row.deadline)


def acted(events: list[Event]) -> None:
    assert [event.kind for event in events] == [ACTED] * len(events), [e.refusal for e in events]


def surrendered_title(founded: Founded) -> bytes:
    """Issue a title, let the shipper accept and surrender it, and the carrier accept."""
    title, deadline = os.urandom(32), int(time.time()) + 3_600
    shipper = founded.members["shipper"].id
    issue, issued = founded.act(
        "carrier",
        "Issue",
        title,
        0,
        kind=int(TitleKind.ORDER),
        party=NOBODY,
        holder=shipper,
        deadline=deadline,
        loading=PORT_OF_LOADING,
        discharge=PORT_OF_DISCHARGE,
        root=ROOT,
    )
    offered = {"purpose": 1, "root": ROOT, "amended": NOBODY, "deadline": deadline}
    surrender, surrendered = founded.act("shipper", "Surrender", title, 2, **offered)
    accepts = [
        founded.act(by, "Accept", title, counter, offer=read_bytes(offer), root=ROOT)[1]
        for by, counter, offer in (("shipper", 1, issue), ("carrier", 3, surrender))
    ]
    events = founded.submit("Titles", issued, accepts[0], surrendered, accepts[1])
    assert [event.kind for event in events] == [ACTED] * 4
    return title
