"""The tables say what the contracts say, after a random history on a real embedded ledger."""

import os
import random
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded
from ledger_process import running_ledger
from sqlmodel import SQLModel, select
from support.servers import PostgreSQL

from identity.acts.objects import condition_id, right_id
from identity.acts.types import ACT_TYPES
from identity.acts.words import (
    Capacity,
    Direction,
    Endorsement,
    Outcome,
    RightState,
    SurrenderPurpose,
    TitleKind,
    TitleState,
)
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.events import Event
from node.chain.follower import Follower
from node.chain.rebuild import rebuild
from node.chain.rpc import data, read_bytes
from node.chain.views import view
from node.store.council_projections import Delegation
from node.store.database import Database
from node.store.device_projections import Device, ReportCorrection
from node.store.projections import (
    ACTED,
    FOLLOWED,
    PROJECTIONS,
    REFUSED,
    Authority,
    DeliveryOrder,
    LedgerEvent,
    Member,
    MemberKey,
    OrderCondition,
    PickupRight,
    Title,
    TitleFreeze,
)
from node.store.schema import upgrade

SEED = 20_261_122
ROUNDS = 14
TITLES = 6
ROOT = b"\x55" * 32
NOBODY_HEX = "0x" + "00" * 32


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    with running_ledger(tmp_path_factory.mktemp("ledger")) as url:
        network = Founded(url)
        yield network
        network.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'node.sqlite'}")
    upgrade(database)
    yield database
    database.close()


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


def test_titles_are_what_the_contract_says_after_a_random_history(
    founded: Founded, store: Database
) -> None:
    RandomLives(founded, SEED).play(ROUNDS)
    follow(founded, store)
    assert len(rows(store, Title)) >= TITLES
    check_titles(founded, store)
    events = rows(store, LedgerEvent)
    done = {event.verb for event in events if event.kind == ACTED}
    assert done >= {"Issue", "Offer", "Accept", "Withdraw", "Decline", "Surrender"}
    assert any(event.kind == REFUSED and event.refusal for event in events)


def acted(events: list[Event]) -> None:
    assert [event.kind for event in events] == [ACTED] * len(events), [e.refusal for e in events]


def test_every_verb_of_a_title_leaves_what_the_contract_says(
    founded: Founded, store: Database
) -> None:
    title, order, deadline = os.urandom(32), os.urandom(32), int(time.time()) + 3_600
    shipper, bank, consignee = (founded.members[n].id for n in ("shipper", "bank", "consignee"))
    amended = b"\x66" * 32

    def do(by: str, verb: str, counter: int, **fields: Any) -> bytes:
        digest, wire = founded.act(by, verb, title, counter, **fields)
        acted(founded.submit("Titles", wire))
        follow(founded, store)
        check_titles(founded, store)
        return read_bytes(digest)

    def surrender(by: str, counter: int, purpose: SurrenderPurpose, to: bytes = NOBODY) -> bytes:
        terms = {"root": ROOT, "amended": to, "deadline": deadline}
        return do(by, "Surrender", counter, purpose=int(purpose), **terms)

    offer = do(
        "carrier", "Issue", 0, kind=int(TitleKind.ORDER), party=NOBODY, holder=shipper,
        deadline=deadline, loading=PORT_OF_LOADING, discharge=PORT_OF_DISCHARGE, root=ROOT,
    )  # fmt: skip
    do("shipper", "Accept", 1, offer=offer, root=ROOT)
    offer = surrender("shipper", 2, SurrenderPurpose.PAPER)
    do("carrier", "Accept", 3, offer=offer, root=ROOT)
    offer = do("carrier", "ReturnFromPaper", 4, holder=shipper, deadline=deadline, root=ROOT)
    do("shipper", "Accept", 5, offer=offer, root=ROOT)
    terms = {"capacity": int(Capacity.PLEDGEE), "endorsement": 0, "deadline": deadline}
    offer = do("shipper", "Offer", 6, to=bank, root=ROOT, **terms)
    do("bank", "Accept", 7, offer=offer, root=ROOT)
    offer = surrender("shipper", 8, SurrenderPurpose.AMENDMENT, amended)
    do("bank", "ConsentAmendment", 9, offer=offer, amended=amended)
    do("carrier", "Amend", 10, offer=offer, root=amended)
    do("bank", "RecordDefault", 11, notice=ROOT)
    do("customs", "Freeze", 0, port=PORT_OF_DISCHARGE, order=order)
    time.sleep(1.1)  # the waiting time of this network's rulebook
    proposal = do(
        "customs", "ProposeTransfer", 0, port=PORT_OF_DISCHARGE, order=order, to=consignee,
        endsLien=1,
    )  # fmt: skip
    _, wire = founded.act(
        "customs", "ConfirmTransfer", title, 0, port=PORT_OF_DISCHARGE, order=order,
        proposal=proposal,
    )  # fmt: skip
    (event,) = founded.submit("Titles", wire)
    assert event.refusal == "SecondAuthorityNeeded"
    do("customs", "Lift", 0, port=PORT_OF_DISCHARGE, order=order)
    terms = {"capacity": int(Capacity.HOLDER), "endorsement": 0, "deadline": deadline}
    offer = do("bank", "Offer", 15, to=consignee, root=amended, **terms)
    do("consignee", "Accept", 16, offer=offer, root=amended)


def test_members_are_what_the_contract_says_after_their_own_changes(
    founded: Founded, store: Database
) -> None:
    shipper = founded.members["shipper"]
    added, until = SigningKey.generate(), int(time.time()) + 86_400
    key = key_id(added.address)
    delegation = {
        "delegate": founded.members["consignee"].id,
        "verbs": (1 << ACT_TYPES["Offer"].code) | (1 << ACT_TYPES["Checkpoint"].code),
        "title": NOBODY,
        "until": until,
    }
    for counter, verb, fields in (
        (1, "AddKey", {"key": key, "purpose": 1, "validFrom": 0, "validUntil": until}),
        (2, "UpdateProfile", {"profile": ROOT}),
        (3, "RevokeKey", {"key": key}),
        (4, "AcceptRulebook", {"rulebook": read_bytes(founded.founding.rulebook)}),
        (5, "Delegate", delegation),
    ):
        _, wire = founded.act("shipper", verb, shipper.id, counter, **fields)
        founded.submit("Membership", wire)
    follow(founded, store)
    check_members(founded, store)
    revoked = [row for row in rows(store, MemberKey) if row.revoked_block is not None]
    assert [row.key for row in revoked] == [data(key)]


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


def test_a_release_is_what_the_contracts_say_at_every_step(
    founded: Founded, store: Database
) -> None:
    title, order, lane, tag = surrendered_title(founded), *(os.urandom(32) for _ in range(3))
    lane_key = SigningKey.generate()
    carrier, terminal, customs = (
        founded.members[name].id for name in ("carrier", "terminal", "customs")
    )
    register = founded.act(
        "terminal",
        "RegisterLane",
        lane,
        0,
        key=lane_key.address,
        kind=1,
        port=PORT_OF_DISCHARGE,
        calibratedUntil=int(time.time()) + 86_400,
    )[1]
    opened = founded.act(
        "carrier",
        "OpenOrder",
        order,
        0,
        title=title,
        root=ROOT,
        terminal=terminal,
        kinds=[1, 2, 3],
        members=[carrier, customs, terminal],
        containers=[tag],
    )[1]

    def lane_act(verb: str, counter: int, device_counter: int) -> bytes:
        return founded.act(
            "terminal",
            verb,
            right_id(order, tag),
            counter,
            signing_key=lane_key,
            order=order,
            container=tag,
            lane=lane,
            deviceCounter=device_counter,
            time=int(time.time()),
            reports=ROOT,
        )[1]

    def conditions(met: int, counter: int) -> list[bytes]:
        return [
            founded.act(
                by,
                "SetCondition",
                condition_id(order, kind),
                counter,
                order=order,
                met=met,
                reference=ROOT,
            )[1]
            for kind, by in ((1, "carrier"), (2, "customs"), (3, "terminal"))
        ]

    early = lane_act("GateOut", 0, 1)
    steps = [
        ("Devices", [register]),
        ("Releases", [opened]),
        ("Releases", [early]),
        ("Releases", conditions(1, 0)),
        ("Releases", [early]),
        ("Releases", [lane_act("GateOut", 1, 2)]),
        ("Releases", [lane_act("GateOut", 2, 3)]),
        ("Releases", [lane_act("ReturnEmpty", 2, 4)]),
    ]
    for contract, wires in steps:
        founded.submit(contract, *wires, relayer="terminal")
        follow(founded, store)
        check_releases(founded, store)
    (right,) = rows(store, PickupRight)
    assert (right.state, right.early_attempts) == (RightState.RETURNED, 1)
    gate_outs = [event for event in rows(store, LedgerEvent) if event.verb == "GateOut"]
    assert [(event.outcome, event.refusal) for event in gate_outs] == [
        (Outcome.RECORDED_REFUSAL, ""),
        (Outcome.DONE, "StaleCounter"),
        (Outcome.DONE, ""),
        (Outcome.DONE, "RightUsed"),
    ]


def test_rights_holds_and_devices_are_what_the_contracts_say(
    founded: Founded, store: Database
) -> None:
    title, order, lane, tag, legal = surrendered_title(founded), *(os.urandom(32) for _ in "1234")
    key, right = SigningKey.generate(), right_id(order, tag)
    terminal = founded.members["terminal"].id
    counters = {order: 0, lane: 0, right: 0}

    def do(by: str, verb: str, object_: bytes, counted: bool = True, **fields: Any) -> bytes:
        signer = key if ACT_TYPES[verb].signer == "lane" else None
        counter = counters[object_] if counted else 0
        digest, wire = founded.act(by, verb, object_, counter, signing_key=signer, **fields)
        acted([e for e in founded.submit(ACT_TYPES[verb].contract, wire) if e.kind != FOLLOWED])
        counters[object_] += 1
        follow(founded, store)
        check_releases(founded, store)
        return read_bytes(digest)

    def seen(verb: str, device_counter: int, **own: Any) -> None:
        do(
            "terminal", verb, right, order=order, container=tag, lane=lane,
            deviceCounter=device_counter, time=int(time.time()), **own,
        )  # fmt: skip

    until = int(time.time()) + 86_400
    do(
        "terminal", "RegisterLane", lane, key=key.address, kind=1, port=PORT_OF_DISCHARGE,
        calibratedUntil=until,
    )  # fmt: skip
    do(
        "carrier", "OpenOrder", order, title=title, root=ROOT, terminal=terminal, kinds=[1],
        members=[founded.members["carrier"].id], containers=[tag],
    )  # fmt: skip
    condition = condition_id(order, 1)
    counters[condition] = 0
    do("carrier", "SetCondition", condition, order=order, met=1, reference=ROOT)
    do("customs", "HoldOrder", order, counted=False, port=PORT_OF_DISCHARGE, order=legal)
    do("customs", "LiftHold", order, counted=False, port=PORT_OF_DISCHARGE, order=legal)
    seen("GateOut", 1, reports=ROOT)
    seen("RecordInterchange", 2, direction=int(Direction.OUT), damage=ROOT)
    proposal = do("terminal", "ProposeReinstatement", right, report=ROOT)
    do("carrier", "ConfirmReinstatement", right, proposal=proposal)
    do("terminal", "Calibrate", lane, calibratedUntil=until + 5, certificate=ROOT)
    do("terminal", "SuspendDevice", lane, counted=False, reports=ROOT)
    do("customs", "SuspendDevice", lane, counted=False, reports=legal)
    do("customs", "ResumeDevice", lane, counted=False, reason=ROOT)
    do("terminal", "CorrectReport", lane, wrong=ROOT, right=legal)
    proposal = do("carrier", "ProposeCancellation", order, reason=ROOT)
    do("shipper", "ConfirmCancellation", order, proposal=proposal)
    check_titles(founded, store)
    (row,) = [row for row in rows(store, Title) if row.id == data(title)]
    assert row.state == TitleState.LIVE


def test_the_tables_are_rebuilt_the_same_while_new_acts_arrive(
    founded: Founded, store: Database
) -> None:
    lives = RandomLives(founded, SEED + 1)
    lives.play(2)
    follow(founded, store)
    stop = threading.Event()

    def go_on_following() -> None:
        while not stop.is_set():
            follow(founded, store)

    def go_on_acting() -> None:
        lives.play(6)
        stop.set()

    threads = [threading.Thread(target=run) for run in (go_on_following, go_on_acting)]
    for thread in threads:
        thread.start()
    heights = []
    while not stop.is_set():
        rebuilt = rebuild(founded.ledger, store, founded.network)
        assert rebuilt.differing == 0
        heights.append(rebuilt.height)
    for thread in threads:
        thread.join()
    follow(founded, store)
    assert heights == sorted(heights)
    assert len(set(heights)) > 1
    check_titles(founded, store)
    assert rebuild(founded.ledger, store, founded.network).differing == 0


def test_both_engines_hold_the_same_rows_of_the_same_ledger(
    founded: Founded, store: Database, postgresql: PostgreSQL
) -> None:
    server = Database(postgresql.create())
    for database in (store, server):
        follow(founded, database)
    for model in PROJECTIONS:
        held = [
            {tuple(row.model_dump().items()) for row in rows(database, model)}
            for database in (store, server)
        ]
        assert held[0] == held[1], model.__name__
    assert rows(server, LedgerEvent)
    assert rebuild(founded.ledger, server, founded.network).differing == 0
    server.close()
    postgresql.drop(server.url)
