"""Two running nodes: one conforms with the other, and the council's seats carry motions by them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.members import RunningMember, running_members, wait_for

from identity.acts.typed import Act, digest, encode
from identity.acts.words import MemberStatus
from node.council.motions import Motion, motions
from node.council.ties import ties_of
from node.errors import ContractRefused
from node.exchange.conformance import conform
from node.store.projections import Member

NOBODY = bytes(32)
REASON = b"\x07" * 32


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningMember]]:
    with running_members(tmp_path_factory.mktemp("k"), ["carrier", "shipper"]) as members:
        for member in members.values():
            member.run_parts("peers", "follow", "send", "work")
        for member in members.values():
            member.knows(*members.values())
        yield members


def assent(seat: RunningMember, node: RunningMember, verb: str, about: str, **fields: Any) -> Any:
    """Sign a motion as one member's seat and hand it to a member's node; return its end."""
    header = {
        "principal": seat.new.id, "delegation": NOBODY, "object": bytes.fromhex(about[2:]),
        "counter": 0, "expires": int(time.time()) + 3600, "companion": NOBODY,
    }  # fmt: skip
    act = Act(verb, {**header, **fields})
    hashed = digest(node.node.network.domain(act.type.contract), act)
    return node.do(verb, act="0x" + encode(act, seat.seat.sign(hashed)).hex())


def told(member: RunningMember) -> list[Motion]:
    """Return the motions since the founding, which had its own."""
    with member.node.db.read() as session:
        return [each for each in motions(session) if each.act.name == "SuspendMember"]


def standing(member: RunningMember, about: str) -> int:
    return int(member.row(Member, about).status)


def test_a_node_conforms_with_another(members: dict[str, RunningMember]) -> None:
    tried = list(conform(members["carrier"].node, members["shipper"].id))
    assert {one.state for one in tried} <= {"ok", "look"}, tried
    assert {"TLS", "message", "call back", "another signature", "clock", "published profile"} <= {
        one.what for one in tried if one.state == "ok"
    }


def test_seats_carry_a_motion_by_any_members_node(members: dict[str, RunningMember]) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    assent(carrier, carrier, "SuspendMember", shipper.id, reason=REASON)
    wait_for(lambda: told(shipper), "the other node shows the motion")
    (motion,) = told(shipper)
    assert (motion.state, list(motion.assents)) == ("open", [carrier.id])
    with pytest.raises(ContractRefused) as again:
        assent(carrier, carrier, "SuspendMember", shipper.id, reason=REASON)
    assert again.value.code == "SEAT_ASSENTED"
    assent(shipper, carrier, "SuspendMember", shipper.id, reason=REASON)
    assert standing(carrier, shipper.id) == MemberStatus.SUSPENDED
    assert [motion.state for motion in told(carrier)] == ["carried"]
    with pytest.raises(ContractRefused) as carried:
        assent(shipper, carrier, "SuspendMember", shipper.id, reason=REASON)
    assert carried.value.code == "MOTION_CARRIED"


def test_a_member_without_ties_leaves_by_motion(members: dict[str, RunningMember]) -> None:
    carrier, shipper = members["carrier"], members["shipper"]
    with carrier.node.db.read() as session:
        assert ties_of(session, shipper.id) == []
    for seat in (carrier, shipper):
        assent(seat, carrier, "ExitMember", shipper.id, reason=REASON)
    assert standing(carrier, shipper.id) == MemberStatus.LEFT
