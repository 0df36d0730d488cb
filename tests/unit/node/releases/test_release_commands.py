"""Orders, conditions and lane acts as commands: what is stated, and what is refused at once."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.members import DISCHARGE
from support.offline import OfflineMember, lane_row, new_id, right_row
from support.peers import bill_number

from identity.acts.objects import condition_id, right_id
from identity.acts.typed import Act, Value, digest, encode
from identity.acts.words import ConditionKind, OrderState, Role, TitleState
from identity.errors import ActMalformed
from identity.keys.secp256k1 import SigningKey
from node.commands.bodies import NOBODY, to_bytes, to_hex
from node.documents.delivery_order import read_delivery_order
from node.errors import ContractRefused, DisclosureMissing, NotAllowed
from node.releases.lane_acts import LaneActBody, verb_of
from node.releases.pickups import find_pickups
from node.store.documents import DeliveryRow
from node.store.projections import DeliveryOrder, OrderCondition, Title

LANE_KEY = SigningKey((11).to_bytes(32, "big"))
CONTAINER = "MAEU6543213"


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    """A member that is carrier, terminal and customs in one; each rule is tried apart."""
    roles = Role.CARRIER | Role.TERMINAL | Role.CUSTOMS
    member = OfflineMember(tmp_path_factory.mktemp("releases"), "all in one", roles)
    member.assign(member.id, Role.TERMINAL)
    member.assign(member.id, Role.CUSTOMS)
    yield member
    member.node.close()


def refused(member: OfflineMember, verb: str, **body: Any) -> str:
    with pytest.raises((ContractRefused, NotAllowed)) as refusal:
        member.ask(verb, **body)
    return refusal.value.code


def surrendered(member: OfflineMember, **given: Any) -> Title:
    terms = {"carrier": member.id, "controller": member.id, "state": int(TitleState.SURRENDERED)}
    return member.title(**terms | {"holder": member.other()} | given)


def condition(kind: str, member: str) -> dict[str, str]:
    return {"kind": kind, "member": member}


def opened(member: OfflineMember, kind: ConditionKind, **given: Any) -> DeliveryOrder:
    """Let the node know an order with one condition, this member's."""
    order = DeliveryOrder(
        **{
            "id": new_id(), "title": surrendered(member).id, "state": int(OrderState.OPEN),
            "counter": 1, "root": new_id(), "carrier": member.id, "terminal": member.id,
            "port": DISCHARGE, "holds": 0, "cancellation": NOBODY, "opened_block": 1,
            "last_block": 1,
        } | given
    )  # fmt: skip
    row = OrderCondition(
        id=to_hex(condition_id(to_bytes(order.id), kind)), order=order.id, kind=int(kind),
        member=member.id, met=False, reference=NOBODY, counter=4,
    )  # fmt: skip
    member.put(order, row)
    return order


def test_an_order_goes_to_all_concerned_before_it_is_signed(member: OfflineMember) -> None:
    title = surrendered(member, root=member.bill(bill_number()))
    terminal, customs = member.other(Role.TERMINAL), member.other(Role.CUSTOMS)
    member.assign(terminal, Role.TERMINAL)
    member.assign(customs, Role.CUSTOMS)
    conditions = [condition("freight", member.id), condition("customs", customs)]
    command = member.ask("OpenOrder", title=title.id, terminal=terminal, conditions=conditions)
    assert command.act is not None
    fields = command.act["fields"]
    with member.node.db.read() as session:
        document = member.node.documents.read_document(session, fields["root"])
    order = read_delivery_order(document)
    assert fields["containers"] == [to_hex(container.tag) for container in order.containers]
    assert (order.title, order.terminal, order.port) == (title.id, terminal, "DEBRV")
    assert fields["kinds"] == [ConditionKind.FREIGHT, ConditionKind.CUSTOMS]
    (row,) = member.work_for(command)
    deliveries = [d for d in member.rows(DeliveryRow) if d.id in row.payload["deliveries"]]
    assert {d.to_member for d in deliveries} == {title.holder, terminal, customs}
    assert {d.root for d in deliveries} == {fields["root"]}


def test_orders_that_cannot_be_opened_are_refused_at_once(member: OfflineMember) -> None:
    title, other = surrendered(member), member.other(Role.TERMINAL)
    freight = condition("freight", member.id)
    good = {"title": title.id, "terminal": member.id, "conditions": [freight]}
    cases: dict[str, dict[str, Any]] = {
        "OBJECT_UNKNOWN": {"title": new_id()},
        "NOT_THE_CARRIER": {"title": member.title().id},
        "TITLE_NOT_SURRENDERED": {"title": member.title(carrier=member.id).id},
        "NOT_ASSIGNED": {"terminal": other},
        "CONDITIONS_MALFORMED": {"conditions": [freight, freight]},
        "MEMBER_UNKNOWN": {"conditions": [condition("customs", new_id())]},
    }
    got = {refused(member, "OpenOrder", **good | change) for change in cases.values()}
    assert got == set(cases)
    for wrong in (condition("freight", other), condition("terminal", other)):
        code = refused(member, "OpenOrder", **good | {"conditions": [wrong]})
        assert code == "CONDITIONS_MALFORMED"


def test_a_condition_is_an_object_of_its_own_with_its_own_counter(member: OfflineMember) -> None:
    order = opened(member, ConditionKind.FREIGHT)
    act = member.ask("SetCondition", order=order.id, kind="freight", met=False).act
    assert act is not None
    assert act["fields"]["object"] == to_hex(condition_id(to_bytes(order.id), 1))
    assert (act["fields"]["counter"], act["fields"]["met"]) == (4, 0)


def test_conditions_that_cannot_be_set_are_refused_at_once(member: OfflineMember) -> None:
    order = opened(member, ConditionKind.FREIGHT)
    closed = opened(member, ConditionKind.FREIGHT, state=int(OrderState.CLOSED))
    assert refused(member, "SetCondition", order=new_id(), kind="freight") == "OBJECT_UNKNOWN"
    assert refused(member, "SetCondition", order=order.id, kind="customs") == "OBJECT_UNKNOWN"
    assert refused(member, "SetCondition", order=closed.id, kind="freight") == "WRONG_STATE"
    somebody_else = member.other()
    with member.node.db.begin() as session:
        row = session.get_one(OrderCondition, to_hex(condition_id(to_bytes(order.id), 1)))
        row.member = somebody_else
        session.add(row)
    code = refused(member, "SetCondition", order=order.id, kind="freight")
    assert code == "NOT_THE_CONDITION_MEMBER"


def test_customs_does_not_release_what_it_was_not_told_of(member: OfflineMember) -> None:
    order = opened(member, ConditionKind.CUSTOMS)
    with pytest.raises(DisclosureMissing):
        member.ask("SetCondition", order=order.id, kind="customs")


@pytest.fixture(scope="module")
def right(member: OfflineMember) -> dict[str, Value]:
    """The fields of a gate-out that the node has no objection to."""
    order, tag, lane = (
        opened(member, ConditionKind.FREIGHT),
        b"\x43" * 32,
        lane_row(member.id, LANE_KEY),
    )
    right = right_id(to_bytes(order.id), tag)
    member.put(
        lane,
        right_row(to_hex(right), order.id, to_hex(tag), member.id),
    )
    now = int(time.time())
    return {
        "principal": to_bytes(member.id), "delegation": bytes(32), "object": right, "counter": 0,
        "expires": now + 200, "companion": bytes(32), "order": to_bytes(order.id),
        "container": tag, "lane": to_bytes(lane.id), "deviceCounter": 1, "time": now,
        "reports": bytes(32),
    }  # fmt: skip


def signed(
    member: OfflineMember,
    fields: dict[str, Value],
    key: SigningKey = LANE_KEY,
    at: str = "Releases",
) -> str:
    act = Act("GateOut", fields)
    return to_hex(encode(act, key.sign(digest(member.node.network.domain(at), act))))


def test_a_lanes_act_is_taken_as_it_is_and_needs_no_signer(
    member: OfflineMember, right: dict[str, Value]
) -> None:
    wire = signed(member, right)
    assert verb_of(LaneActBody(act=wire)) == "GateOut"
    command = member.ask("GateOut", act=wire)
    assert (command.state, "0x" + str(command.wire)) == ("signed", wire)
    assert command.expires == right["expires"]
    assert member.work_for(command) == []


def test_lane_acts_that_cannot_count_are_refused_at_once(
    member: OfflineMember, right: dict[str, Value]
) -> None:
    now = int(time.time())
    cases: dict[str, dict[str, Value]] = {
        "ACT_EXPIRED": {"expires": now - 1},
        "LANE_ACT_TOO_FAR_AHEAD": {"expires": now + 3600},
        "OBJECT_UNKNOWN": {"order": bytes(32)},
        "DEVICE_UNKNOWN": {"lane": bytes(32)},
    }
    got = {refused(member, "GateOut", act=signed(member, right | c)) for c in cases.values()}
    assert got == set(cases)
    assert refused(member, "GateOut", act=signed(member, right | {"object": bytes(32)})) == (
        "OBJECT_UNKNOWN"
    )


def test_a_lane_act_of_another_key_network_or_verb_is_refused(
    member: OfflineMember, right: dict[str, Value]
) -> None:
    stranger = SigningKey.generate()
    assert refused(member, "GateOut", act=signed(member, right, stranger)) == "KEY_NOT_VALID"
    assert refused(member, "GateOut", act=signed(member, right, at="Titles")) == "KEY_NOT_VALID"
    for verb, wire in (
        ("ReturnEmpty", signed(member, right)),
        ("GateOut", signed(member, right | {"principal": bytes(32)})),
        ("GateOut", signed(member, right)[:-2]),
    ):
        with pytest.raises(ActMalformed):
            member.ask(verb, act=wire)


def test_a_terminal_finds_the_pickup_by_the_containers_number(member: OfflineMember) -> None:
    title = surrendered(member, root=member.bill(bill_number()))
    conditions = [condition("freight", member.id)]
    command = member.ask("OpenOrder", title=title.id, terminal=member.id, conditions=conditions)
    assert command.act is not None
    order, root = str(command.object), command.act["fields"]["root"]
    tag = command.act["fields"]["containers"][0]
    row = opened(member, ConditionKind.FREIGHT, id=order, title=title.id, root=root)
    with member.node.db.read() as session:
        assert find_pickups(member.node, session, CONTAINER) == []
    right = to_hex(right_id(to_bytes(order), to_bytes(tag)))
    member.put(right_row(right, order, tag, member.id))
    with member.node.db.read() as session:
        (pickup,) = find_pickups(member.node, session, CONTAINER)
    assert (pickup.order, pickup.right, pickup.tag) == (row.id, right, tag)
    assert (pickup.conditions, pickup.lien_free, pickup.released) == (
        {"freight": False}, True, False,
    )  # fmt: skip


def test_a_lane_is_registered_at_a_port_of_its_terminal(member: OfflineMember) -> None:
    terms = {"key": "0x" + "7e" * 20, "calibrated_until": 2_000_000_000}
    lane = new_id()
    command = member.ask("RegisterLane", lane=lane, port=DISCHARGE, **terms)
    assert command.object == lane
    assert refused(member, "RegisterLane", port=DISCHARGE + 1, **terms) == "NOT_ASSIGNED"
    known = lane_row(member.id, LANE_KEY)
    member.put(known)
    again = refused(member, "RegisterLane", lane=known.id, port=DISCHARGE, **terms)
    assert again == "DEVICE_EXISTS"
