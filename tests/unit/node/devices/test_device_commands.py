"""Devices as commands: registered, calibrated, suspended, corrected, and proved to contradict."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.members import DISCHARGE
from support.offline import OfflineMember, fields_of, lane_row, new_id, refused

from identity.acts.typed import Act, Value, digest, encode
from identity.acts.words import DeviceKind, DeviceState, Role
from identity.errors import ActMalformed
from identity.keys.secp256k1 import SigningKey
from node.commands.bodies import NOBODY, to_bytes, to_hex
from node.store.device_projections import Device, ReportCorrection

KEY = SigningKey((11).to_bytes(32, "big"))
NEXT_YEAR = int(time.time()) + 365 * 86_400


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfflineMember]:
    """A terminal that is an inspection authority of its port too."""
    roles = Role.TERMINAL | Role.INSPECTION
    member = OfflineMember(tmp_path_factory.mktemp("devices"), "terminal", roles)
    member.assign(member.id, Role.INSPECTION)
    yield member
    member.node.close()


def device(
    member: OfflineMember, owner: str | None = None, state: DeviceState = DeviceState.IN_SERVICE
) -> Device:
    row = lane_row(owner or member.id, KEY)
    row.state, row.counter = int(state), 3
    member.put(row)
    return row


def test_a_device_is_registered_by_the_id_of_its_key(member: OfflineMember) -> None:
    terms = {"key": new_id(), "kind": "scale", "port": DISCHARGE, "calibrated_until": NEXT_YEAR}
    fields = fields_of(member, "RegisterDevice", **terms)
    assert (fields["key"], fields["kind"]) == (terms["key"], DeviceKind.SCALE)
    assert fields["object"] != NOBODY
    known = device(member)
    assert refused(member, "RegisterDevice", **terms, device=known.id) == "DEVICE_EXISTS"


def test_a_depot_registers_lanes_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    depot = OfflineMember(tmp_path_factory.mktemp("depot"), "depot", Role.DEPOT)
    depot.assign(depot.id, Role.DEPOT)
    terms = {"key": "0x" + "7e" * 20, "port": DISCHARGE, "calibrated_until": NEXT_YEAR}
    try:
        assert fields_of(depot, "RegisterLane", **terms)["kind"] == DeviceKind.LANE
    finally:
        depot.node.close()


def test_the_owner_records_a_calibration_that_still_holds(member: OfflineMember) -> None:
    own, certificate = device(member), new_id()
    terms = {"calibrated_until": NEXT_YEAR, "certificate": certificate}
    fields = fields_of(member, "Calibrate", device=own.id, **terms)
    assert (fields["counter"], fields["certificate"]) == (3, certificate)
    cases: dict[str, dict[str, Any]] = {
        "DEVICE_UNKNOWN": {"device": new_id()},
        "NOT_THE_OWNER": {"device": device(member, member.other()).id},
        "CALIBRATION_EXPIRED": {"calibrated_until": 1},
    }
    good = {"device": own.id, **terms}
    assert {refused(member, "Calibrate", **good | case) for case in cases.values()} == set(cases)


def test_owner_and_authority_suspend_each_under_the_reports_hash(member: OfflineMember) -> None:
    reports = new_id()
    for owner in (member.id, member.other()):
        fields = fields_of(
            member, "SuspendDevice", device=device(member, owner).id, reports=reports
        )
        assert (fields["counter"], fields["reports"]) == (0, reports)
    stopped = device(member, state=DeviceState.SUSPENDED_BY_OWNER)
    assert refused(member, "SuspendDevice", device=stopped.id, reports=reports) == "WRONG_STATE"
    taken_over = device(member, member.other(), DeviceState.SUSPENDED_BY_OWNER)
    assert fields_of(member, "SuspendDevice", device=taken_over.id, reports=reports)
    with member.node.db.read() as session:
        assert session.get(Device, stopped.id) is not None


def test_who_suspended_a_device_puts_it_back_in_service(member: OfflineMember) -> None:
    by_owner, by_authority = DeviceState.SUSPENDED_BY_OWNER, DeviceState.SUSPENDED_BY_AUTHORITY
    other = member.other()
    for row in (device(member, None, by_owner), device(member, other, by_authority)):
        assert fields_of(member, "ResumeDevice", device=row.id, reason=new_id())["counter"] == 0
    cases = {
        "OWNER_MAY_NOT_RESUME": device(member, None, by_authority),
        "NOT_THE_OWNER": device(member, other, by_owner),
        "WRONG_STATE": device(member, None, DeviceState.EQUIVOCATED),
    }
    got = {
        refused(member, "ResumeDevice", device=row.id, reason=new_id()) for row in cases.values()
    }
    assert got == set(cases)


def test_a_correction_names_both_reports_and_overwrites_neither(member: OfflineMember) -> None:
    own, wrong, right = device(member), new_id(), new_id()
    fields = fields_of(member, "CorrectReport", device=own.id, wrong=wrong, right=right)
    assert (fields["wrong"], fields["right"]) == (wrong, right)
    member.put(
        ReportCorrection(device=own.id, wrong=wrong, right=right, principal=member.id, block=1)
    )
    again = {"device": own.id, "wrong": wrong, "right": new_id()}
    assert refused(member, "CorrectReport", **again) == "REPORT_CORRECTED"
    circle = {"device": own.id, "wrong": new_id(), "right": wrong}
    assert refused(member, "CorrectReport", **circle) == "REPORT_CORRECTED"
    same = {"device": own.id, "wrong": wrong, "right": wrong}
    assert refused(member, "CorrectReport", **same) == "CORRECTION_MALFORMED"


def lane_act(member: OfflineMember, lane: Device, key: SigningKey = KEY, **changes: Value) -> str:
    """Return a signed gate-out in wire form."""
    none = bytes(32)
    fields: dict[str, Value] = {
        "principal": to_bytes(member.id), "delegation": none, "object": none, "counter": 0,
        "expires": 1, "companion": none, "order": none, "container": none,
        "lane": to_bytes(lane.id), "deviceCounter": 4, "time": 1, "reports": none,
    }  # fmt: skip
    act = Act("GateOut", fields | changes)
    signature = key.sign(digest(member.node.network.domain("Releases"), act))
    return to_hex(encode(act, signature))


def test_two_acts_of_one_counter_are_shown_and_go_with_the_act(member: OfflineMember) -> None:
    lane = device(member, member.other(Role.TERMINAL))
    first, second = lane_act(member, lane), lane_act(member, lane, time=2)
    command = member.ask("ProveEquivocation", device=lane.id, first=first, second=second)
    (row,) = member.work_for(command)
    wires = [to_bytes(first), to_bytes(second)]
    framed = b"".join(len(wire).to_bytes(2, "big") + wire for wire in wires)
    assert row.payload["attached"] == framed.hex()
    assert command.act is not None
    assert command.act["fields"]["counter"] == 0
    assert command.act["fields"]["first"] != command.act["fields"]["second"]


def test_what_proves_no_equivocation_is_refused_at_once(member: OfflineMember) -> None:
    lane, other = device(member), device(member)
    first = lane_act(member, lane)
    for second in (
        first,
        lane_act(member, lane, deviceCounter=5),
        lane_act(member, other),
        lane_act(member, lane, SigningKey.generate(), time=2),
    ):
        body = {"device": lane.id, "first": first, "second": second}
        assert refused(member, "ProveEquivocation", **body) == "NOT_AN_EQUIVOCATION"
    gone = device(member, state=DeviceState.EQUIVOCATED)
    body = {"device": gone.id, "first": first, "second": first}
    assert refused(member, "ProveEquivocation", **body) == "WRONG_STATE"
    with pytest.raises(ActMalformed):
        member.ask("ProveEquivocation", device=lane.id, first=first[:-2], second=first)
