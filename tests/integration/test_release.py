"""One bill from issue to the empty return, every act through the members' own nodes."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select
from support.members import (
    DISCHARGE,
    NODE_PARTS,
    RunningMember,
    running_members,
    wait_for,
)
from support.peers import bill_number, make_bill

from identity.acts.typed import Act, Value, digest, encode
from identity.acts.words import Direction, OrderState, TitleState
from identity.keys.secp256k1 import SigningKey
from identity.policy.decide import Actor
from node.commands.bodies import to_bytes
from node.errors import (
    BillAlreadyIssued,
    BodyInvalid,
    ContractRefused,
    IdempotencyConflict,
    NotAllowed,
)
from node.releases.pickups import Pickup, find_pickups
from node.store.audit import AuditRow
from node.store.commands import Command
from node.store.device_projections import Device
from node.store.documents import DisclosureRow
from node.store.projections import DeliveryOrder, OrderCondition, Title

NAMES = ["carrier", "shipper", "bank", "consignee", "terminal", "customs"]
CONTAINER = "MAEU6543213"
LANE_KEY = SigningKey((11).to_bytes(32, "big"))
Members = dict[str, RunningMember]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with running_members(tmp_path_factory.mktemp("consortium"), NAMES) as members:
        for member in members.values():
            member.run_parts(*NODE_PARTS)
        for member in members.values():
            member.knows(*members.values())
        yield members


@pytest.fixture(scope="module")
def issued(members: Members) -> tuple[str, Command]:
    """A title that the shipper has accepted, and the issue's command."""
    carrier, shipper = members["carrier"], members["shipper"]
    issue = carrier.do("Issue", document=make_bill(bill_number()), holder=shipper.id)
    accept_next(shipper, str(issue.object))
    return str(issue.object), issue


@pytest.fixture(scope="module")
def surrendered(members: Members, issued: tuple[str, Command]) -> str:
    """The title after its way through pledge, release and hand-over, back at the carrier."""
    title, _ = issued
    shipper, bank, consignee = members["shipper"], members["bank"], members["consignee"]
    offer(shipper, title, bank, capacity="pledgee")
    accept_next(bank, title)
    bank.do("ReleasePledge", title=title)
    seen(shipper, title, lambda row: row.controller == shipper.id)
    offer(shipper, title, consignee, endorsement="blank")
    accept_next(consignee, title)
    consignee.do("Surrender", title=title)
    accept_next(members["carrier"], title)
    return title


def offer(giver: RunningMember, title: str, to: RunningMember, **terms: str) -> Command:
    return giver.do("Offer", title=title, to=to.id, **terms)


def accept_next(member: RunningMember, title: str) -> Command:
    """Accept the offer to ``member`` as soon as its node has seen it."""
    row = seen(member, title, lambda row: row.counterparty == member.id)
    return member.do("Accept", title=title, offer=row.offer)


def seen(member: RunningMember, title: str, holds: Any) -> Title:
    def found() -> bool:
        row = member.row(Title, title)
        return row is not None and bool(holds(row))

    wait_for(found, "the title is in that state")
    row: Title = member.row(Title, title)
    return row


def test_only_its_controller_offers_a_title(members: Members, issued: tuple[str, Command]) -> None:
    title, _ = issued
    with pytest.raises(NotAllowed) as refused:
        members["carrier"].ask("Offer", title=title, to=members["bank"].id)
    assert refused.value.code == "NOT_THE_CONTROLLER"


def test_a_bill_number_is_issued_once(members: Members, issued: tuple[str, Command]) -> None:
    carrier = members["carrier"]
    with carrier.node.db.read() as session:
        document = carrier.node.documents.read_document(session, issued[1].result["root"])
    with pytest.raises(BillAlreadyIssued):
        carrier.ask("Issue", document=document, holder=members["shipper"].id)


def test_the_same_key_gives_the_same_command_and_refuses_another_request(
    members: Members, issued: tuple[str, Command]
) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    bill = make_bill(bill_number())
    first = carrier.ask("Issue", idempotency_key="one", document=bill, holder=shipper.id)
    assert (
        carrier.ask("Issue", idempotency_key="one", document=bill, holder=shipper.id).id == first.id
    )
    with pytest.raises(IdempotencyConflict):
        carrier.ask("Issue", idempotency_key="one", document=bill, holder=members["bank"].id)
    assert carrier.end_of(first).state == "final"


def test_a_refusal_leaves_an_audit_row_and_no_command(members: Members) -> None:
    shipper = members["shipper"]
    with pytest.raises(ContractRefused) as refused:
        shipper.ask(
            "Accept", idempotency_key="nothing", title="0x" + "ee" * 32, offer="0x" + "ee" * 32
        )
    assert refused.value.code == "OBJECT_UNKNOWN"
    with shipper.node.db.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.object == "0x" + "ee" * 32)).all()
        commands = session.exec(select(Command).where(Command.key == "nothing")).all()
    assert [(row.verb, row.outcome, row.code) for row in rows] == [
        ("Accept", "refused", "OBJECT_UNKNOWN")
    ]
    assert commands == []


def test_a_person_without_the_role_or_of_another_member_is_refused(members: Members) -> None:
    bank = members["bank"]
    body = {"title": "0x" + "ee" * 32}
    for actor, code in (
        (Actor(bank.id, "reader", frozenset({"auditor"})), "ROLE_NOT_ALLOWED"),
        (Actor(members["shipper"].id, "x", frozenset({"admin"})), "NOT_THIS_MEMBER"),
    ):
        with pytest.raises(NotAllowed) as refused:
            bank.node.handler.submit(actor, "k", "RevokeKey", {"key": body["title"]})
        assert refused.value.code == code


def test_an_unknown_field_is_refused_without_repeating_its_value(members: Members) -> None:
    with pytest.raises(BodyInvalid) as refused:
        members["bank"].ask("ReleasePledge", title="0x" + "ee" * 32, secret="pssst")
    assert "pssst" not in str(refused.value.facts)


def test_customs_is_told_of_the_title_that_names_its_port(
    members: Members, issued: tuple[str, Command]
) -> None:
    title, issue = issued

    def told() -> bool:
        with members["customs"].node.db.read() as session:
            query = select(DisclosureRow).where(DisclosureRow.title == title)
            rows = session.exec(query).all()
        return [row.root for row in rows] == [issue.result["root"]]

    wait_for(told, "the disclosure has arrived")


def test_a_surrendered_title_is_released_container_by_container(
    members: Members, surrendered: str
) -> None:
    carrier, terminal, customs = members["carrier"], members["terminal"], members["customs"]
    lane = terminal.do(
        "RegisterLane",
        key="0x" + LANE_KEY.address.hex(),
        port=DISCHARGE,
        calibrated_until=int(time.time()) + 86_400,
    )
    order = open_order(members, surrendered)
    pickup = pickup_at(terminal)
    assert (pickup.order, pickup.released) == (order, False)

    early = hand_in(terminal, str(lane.object), pickup, 1)
    assert early.state == "refused"
    assert early.refusal is not None
    assert early.refusal["code"] == "NOT_RELEASED"
    assert early.block is not None

    set_both_at_once(order, carrier, customs)
    terminal.do("SetCondition", order=order, kind="terminal")
    wait_for(lambda: pickup_at(terminal).released, "the terminal sees the release")
    assert hand_in(terminal, str(lane.object), pickup_at(terminal), 2).state == "final"

    again = hand_in(terminal, str(lane.object), pickup_at(terminal), 3)
    assert again.refusal is not None
    assert (again.state, again.refusal["code"]) == ("refused", "RIGHT_USED")

    back = hand_in(terminal, str(lane.object), pickup_at(terminal), 4, verb="ReturnEmpty")
    assert back.state == "final"
    for counter, direction in ((5, Direction.OUT), (6, Direction.IN)):
        recorded = hand_in(
            terminal, str(lane.object), pickup_at(terminal), counter, "RecordInterchange",
            direction=int(direction), damage=bytes(32),
        )  # fmt: skip
        assert recorded.state == "final", recorded.refusal
    wait_for(
        lambda: terminal.row(DeliveryOrder, order).state == OrderState.CLOSED, "the order closes"
    )
    assert terminal.row(Device, str(lane.object)).device_counter == 6
    seen(carrier, surrendered, lambda row: row.state == TitleState.DELIVERED)


def open_order(members: Members, title: str) -> str:
    carrier, terminal, customs = members["carrier"], members["terminal"], members["customs"]
    conditions = [
        {"kind": "freight", "member": carrier.id},
        {"kind": "customs", "member": customs.id},
        {"kind": "terminal", "member": terminal.id},
    ]
    opened = carrier.do("OpenOrder", title=title, terminal=terminal.id, conditions=conditions)
    order = str(opened.object)
    for member in (terminal, customs):
        wait_for(lambda m=member: m.row(DeliveryOrder, order), "the order is seen")
    return order


def set_both_at_once(order: str, carrier: RunningMember, customs: RunningMember) -> None:
    asked = [
        (carrier, carrier.ask("SetCondition", order=order, kind="freight")),
        (customs, customs.ask("SetCondition", order=order, kind="customs")),
    ]
    assert [member.end_of(command).state for member, command in asked] == ["final", "final"]
    with carrier.node.db.read() as session:
        rows = session.exec(select(OrderCondition).where(OrderCondition.order == order)).all()
    assert len(rows) == 3


def pickup_at(terminal: RunningMember) -> Pickup:
    with terminal.node.db.read() as session:
        return find_pickups(terminal.node, session, CONTAINER)[0]


def hand_in(
    terminal: RunningMember,
    lane: str,
    pickup: Pickup,
    device_counter: int,
    verb: str = "GateOut",
    **own: Value,
) -> Command:
    """Sign a lane act as the gateway does, hand it in, and return the command at its end."""
    now = int(time.time())
    fields: dict[str, Value] = {
        "principal": to_bytes(terminal.id),
        "delegation": bytes(32),
        "object": to_bytes(pickup.right),
        "counter": pickup.counter,
        "expires": now + 240,
        "companion": bytes(32),
        "order": to_bytes(pickup.order),
        "container": to_bytes(pickup.tag),
        "lane": to_bytes(lane),
        "deviceCounter": device_counter,
        "time": now,
    }
    act = Act(verb, fields | (own or {"reports": bytes(32)}))
    domain = terminal.node.network.domain("Releases")
    wire = encode(act, LANE_KEY.sign(digest(domain, act)))
    return terminal.end_of(terminal.ask(verb, act="0x" + wire.hex()))
