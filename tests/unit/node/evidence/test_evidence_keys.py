"""Who might sign as of an act: validity to the second, revocation, purposes, seats, lanes."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from identity.acts.objects import COUNCIL
from identity.acts.typed import Act, Value, digest
from identity.acts.types import ActType
from identity.acts.words import KeyPurpose, Outcome
from identity.keys.secp256k1 import SigningKey, key_id
from node.chain.network import CONTRACT_NAMES, DeployedContract, Network, Seat, WaitingTimes
from node.evidence.errors import (
    ActOutOfPlace,
    CouncilUnknown,
    DelegationNotProved,
    EventNotProved,
    EvidenceRefused,
    KeyRevoked,
    KeyUnknown,
    LaneNotInService,
    MemberNotActing,
)
from node.evidence.history import Place, ProvedAct
from node.evidence.keys import Keys

NOON = 1_800_000_000
MEMBER = sha256(b"member").digest()
OTHER = sha256(b"other").digest()
SEATS = [sha256(b"seat %d" % n).digest() for n in range(3)]
SEAT_KEYS = [SigningKey(sha256(b"seat key %d" % n).digest()) for n in range(3)]
FIRST = SigningKey(sha256(b"first").digest())
SECOND = SigningKey(sha256(b"second").digest())
LANE = sha256(b"lane").digest()


def network() -> Network:
    return Network(
        chain_id=7,
        network_id="0x" + "11" * 32,
        nonce="0x" + "22" * 32,
        genesis="0x" + "33" * 32,
        engine="embedded",
        operator=None,
        deployed_height=1,
        contracts={
            name: DeployedContract("0x" + f"{n:040x}", "0x" + "44" * 32)
            for n, name in enumerate(CONTRACT_NAMES)
        },
        threshold=2,
        seats=tuple(
            Seat("0x" + seat.hex(), "0x" + key.address.hex())
            for seat, key in zip(SEATS, SEAT_KEYS, strict=True)
        ),
        rulebook="0x" + "55" * 32,
        waiting=WaitingTimes(enforcement_seconds=60, transfer_seconds=60),
        witnesses=(),
    )


def proved(
    verb: str,
    principal: bytes,
    object_: bytes,
    signer: SigningKey,
    height: int = 1,
    time: int = NOON,
    outcome: Outcome = Outcome.DONE,
    **own: Value,
) -> ProvedAct:
    fields: dict[str, Value] = {
        "principal": principal,
        "delegation": bytes(32),
        "object": object_,
        "counter": 0,
        "expires": NOON + 60,
        "companion": bytes(32),
    }
    for field in ActType.by_name(verb).fields[6:]:
        blank: Value = bytes(20) if field.type == "address" else bytes(32)
        fields[field.name] = [] if field.is_array else 0 if field.type == "uint256" else blank
    act = Act(verb, fields | own)
    domain = network().domain(act.type.contract)
    said = digest(domain, act)
    return ProvedAct(Place(height, 0, 0), time, act, said, signer.address, 1, outcome, domain)


def admission(*keys: tuple[SigningKey, KeyPurpose], seat: int = 0, **more: object) -> ProvedAct:
    return proved(
        "AdmitMember", SEATS[seat], MEMBER, SEAT_KEYS[seat],
        keys=[key_id(key.address) for key, _ in keys], purposes=[int(p) for _, p in keys],
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def keys() -> Keys:
    """A member with one act key, admitted by two of three seats."""
    told = Keys(network())
    told.follow(admission((FIRST, KeyPurpose.ACT), outcome=Outcome.ASSENTED))
    told.follow(admission((FIRST, KeyPurpose.ACT), seat=1))
    return told


def offer(key: SigningKey, time: int = NOON, height: int = 9) -> ProvedAct:
    return proved("Offer", MEMBER, sha256(b"title").digest(), key, height, time)


def test_an_admitted_members_key_signs_its_acts(keys: Keys) -> None:
    keys.follow(offer(FIRST))


def test_a_key_that_no_act_registered_signs_nothing(keys: Keys) -> None:
    with pytest.raises(KeyUnknown):
        keys.follow(offer(SECOND))


def test_another_members_key_signs_nothing_in_this_members_name(keys: Keys) -> None:
    with pytest.raises(KeyUnknown):
        keys.follow(proved("Offer", OTHER, sha256(b"title").digest(), FIRST))


@pytest.mark.parametrize("purpose", [KeyPurpose.RELAY, KeyPurpose.WITNESS])
def test_a_key_for_another_purpose_signs_no_act(keys: Keys, purpose: KeyPurpose) -> None:
    added = {"key": key_id(SECOND.address), "purpose": int(purpose)}
    keys.follow(proved("AddKey", MEMBER, MEMBER, FIRST, **added))  # type: ignore[arg-type]
    with pytest.raises(KeyUnknown):
        keys.follow(offer(SECOND))


@pytest.mark.parametrize(
    ("time", "counts"),
    [(NOON + 9, False), (NOON + 10, True), (NOON + 19, True), (NOON + 20, False)],
)
def test_a_key_counts_from_its_first_second_until_before_its_last(
    keys: Keys, time: int, counts: bool
) -> None:
    keys.follow(
        proved(
            "AddKey", MEMBER, MEMBER, FIRST, key=key_id(SECOND.address),
            purpose=int(KeyPurpose.ACT), validFrom=NOON + 10, validUntil=NOON + 20,
        )
    )  # fmt: skip
    if counts:
        keys.follow(offer(SECOND, time))
    else:
        with pytest.raises(KeyRevoked):
            keys.follow(offer(SECOND, time))


def test_a_revoked_key_signs_nothing_more_and_its_height_is_known(keys: Keys) -> None:
    revoke = proved("RevokeKey", MEMBER, MEMBER, FIRST, height=5, key=key_id(FIRST.address))
    keys.follow(revoke)
    assert keys.ended == {"0x" + FIRST.address.hex(): 5}
    with pytest.raises(KeyRevoked):
        keys.follow(offer(FIRST))


def test_a_refused_or_assented_act_changes_no_key(keys: Keys) -> None:
    added = {"key": key_id(SECOND.address), "purpose": int(KeyPurpose.ACT)}
    keys.follow(
        proved("AddKey", MEMBER, MEMBER, FIRST, outcome=Outcome.ASSENTED, **added)  # type: ignore[arg-type]
    )
    with pytest.raises(KeyUnknown):
        keys.follow(offer(SECOND))


def test_a_members_profile_is_the_one_its_last_act_names(keys: Keys) -> None:
    assert keys.profiles[MEMBER] == bytes(32)
    keys.follow(proved("UpdateProfile", MEMBER, MEMBER, FIRST, profile=b"\x07" * 32))
    assert keys.profiles[MEMBER] == b"\x07" * 32


def test_a_seat_assents_once_however_often_it_signs() -> None:
    told = Keys(network())
    told.follow(admission((FIRST, KeyPurpose.ACT), outcome=Outcome.ASSENTED))
    with pytest.raises(CouncilUnknown):
        told.follow(admission((FIRST, KeyPurpose.ACT)))


def test_assents_to_two_contents_are_two_motions() -> None:
    told = Keys(network())
    told.follow(admission((FIRST, KeyPurpose.ACT), outcome=Outcome.ASSENTED))
    with pytest.raises(CouncilUnknown):
        told.follow(admission((SECOND, KeyPurpose.ACT), seat=1))


def test_another_seats_key_is_not_this_seats() -> None:
    act = admission((FIRST, KeyPurpose.ACT))
    with pytest.raises(CouncilUnknown):
        Keys(network()).follow(
            ProvedAct(
                act.place,
                act.time,
                act.act,
                act.digest,
                SEAT_KEYS[1].address,
                1,
                Outcome.DONE,
                act.domain,
            )
        )


def register_lane(keys: Keys) -> None:
    until = NOON + 10
    keys.follow(
        proved("RegisterLane", MEMBER, LANE, FIRST, key=SECOND.address, calibratedUntil=until)
    )


def gate_out(time: int = NOON) -> ProvedAct:
    return proved("GateOut", MEMBER, RIGHT, SECOND, time=time, lane=LANE)


def motion(told: Keys, verb: str, object_: bytes = MEMBER, /, **own: Value) -> None:
    """Let two of three seats carry a motion, at height 5."""
    told.follow(proved(verb, SEATS[0], object_, SEAT_KEYS[0], 5, outcome=Outcome.ASSENTED, **own))
    told.follow(proved(verb, SEATS[1], object_, SEAT_KEYS[1], 5, **own))


@pytest.mark.parametrize("verb", ["SuspendDevice", "ProveEquivocation"])
def test_a_lane_out_of_service_signs_nothing_until_it_is_resumed(keys: Keys, verb: str) -> None:
    register_lane(keys)
    keys.follow(gate_out())
    keys.follow(proved(verb, MEMBER, LANE, FIRST))
    with pytest.raises(LaneNotInService):
        keys.follow(gate_out())
    keys.follow(proved("ResumeDevice", MEMBER, LANE, FIRST))
    keys.follow(gate_out())


def test_a_lane_signs_while_its_calibration_holds(keys: Keys) -> None:
    register_lane(keys)
    keys.follow(gate_out(NOON + 10))
    with pytest.raises(LaneNotInService):
        keys.follow(gate_out(NOON + 11))
    keys.follow(proved("Calibrate", MEMBER, LANE, FIRST, calibratedUntil=NOON + 20))
    keys.follow(gate_out(NOON + 11))


def test_an_act_on_a_lane_that_was_never_registered_is_out_of_place(keys: Keys) -> None:
    with pytest.raises(ActOutOfPlace):
        keys.follow(proved("Calibrate", MEMBER, LANE, FIRST))


@pytest.mark.parametrize("verb", ["SuspendMember", "ExitMember"])
def test_a_suspended_member_and_its_lanes_sign_nothing(keys: Keys, verb: str) -> None:
    register_lane(keys)
    motion(keys, verb)
    for act in (offer(FIRST), gate_out()):
        with pytest.raises(MemberNotActing):
            keys.follow(act)
    motion(keys, "ReinstateMember")
    keys.follow(offer(FIRST))
    keys.follow(gate_out())


def test_a_recovery_ends_every_earlier_key_and_says_from_which_block(keys: Keys) -> None:
    motion(keys, "RecoverKeys", keys=[key_id(SECOND.address)], purposes=[int(KeyPurpose.ACT)])
    with pytest.raises(KeyRevoked):
        keys.follow(offer(FIRST))
    keys.follow(offer(SECOND))
    assert keys.ended == {"0x" + FIRST.address.hex(): 5}


def test_a_rotated_council_alone_decides_by_its_own_threshold(keys: Keys) -> None:
    left_open = proved("SuspendMember", SEATS[0], MEMBER, SEAT_KEYS[0], outcome=Outcome.ASSENTED)
    keys.follow(left_open)
    motion(
        keys, "RotateCouncil", COUNCIL, threshold=1, seats=[OTHER], keys=[key_id(SECOND.address)]
    )
    with pytest.raises(CouncilUnknown):
        keys.follow(proved("SuspendMember", SEATS[1], MEMBER, SEAT_KEYS[1]))
    keys.follow(proved("SuspendMember", OTHER, MEMBER, SECOND))
    with pytest.raises(MemberNotActing):
        keys.follow(offer(FIRST))


def test_what_the_council_before_had_not_carried_counts_no_more(keys: Keys) -> None:
    keys.follow(proved("SuspendMember", SEATS[0], MEMBER, SEAT_KEYS[0], outcome=Outcome.ASSENTED))
    ids = [key_id(key.address) for key in SEAT_KEYS]
    motion(keys, "RotateCouncil", COUNCIL, threshold=2, seats=list(SEATS), keys=ids)
    with pytest.raises(CouncilUnknown):
        keys.follow(proved("SuspendMember", SEATS[1], MEMBER, SEAT_KEYS[1]))


def test_a_rotation_with_more_seats_than_keys_is_refused(keys: Keys) -> None:
    with pytest.raises(EventNotProved):
        motion(keys, "RotateCouncil", COUNCIL, threshold=1, seats=[OTHER], keys=[])


OFFER = 1 << ActType.by_name("Offer").code
TITLE = sha256(b"title").digest()
RIGHT = sha256(b"right").digest()


def delegate(keys: Keys, **own: Value) -> bytes:
    """Let OTHER act for MEMBER with SECOND; return the delegation's id."""
    keys.follow(
        proved(
            "AdmitMember", SEATS[0], OTHER, SEAT_KEYS[0], outcome=Outcome.ASSENTED,
            keys=[key_id(SECOND.address)], purposes=[int(KeyPurpose.ACT)],
        )
    )  # fmt: skip
    keys.follow(
        proved(
            "AdmitMember", SEATS[1], OTHER, SEAT_KEYS[1],
            keys=[key_id(SECOND.address)], purposes=[int(KeyPurpose.ACT)],
        )
    )  # fmt: skip
    terms: dict[str, Value] = {"delegate": OTHER, "verbs": OFFER, "until": NOON + 5}
    given = proved("Delegate", MEMBER, MEMBER, FIRST, **terms | own)
    keys.follow(given)
    return given.digest


def delegated(given: bytes, verb: str = "Offer", time: int = NOON, **own: Value) -> ProvedAct:
    return proved(verb, MEMBER, TITLE, SECOND, time=time, delegation=given, **own)


def test_a_delegate_signs_for_the_member_that_let_it(keys: Keys) -> None:
    given = delegate(keys, title=TITLE)
    keys.follow(delegated(given))
    with pytest.raises(KeyUnknown):
        keys.follow(offer(SECOND))


@pytest.mark.parametrize(
    ("terms", "act"),
    [
        ({}, {"verb": "Surrender"}),
        ({"title": RIGHT}, {}),
        ({}, {"time": NOON + 6}),
        ({}, {"given": bytes(32)[:-1] + b"\x01"}),
    ],
)
def test_a_delegation_reaches_no_further_than_it_says(
    keys: Keys, terms: dict[str, Value], act: dict[str, Any]
) -> None:
    given = delegate(keys, **terms)
    with pytest.raises(DelegationNotProved):
        keys.follow(delegated(**{"given": given} | act))


def test_a_delegation_of_another_member_is_none(keys: Keys) -> None:
    given = delegate(keys)
    with pytest.raises(DelegationNotProved):
        keys.follow(proved("Offer", OTHER, TITLE, FIRST, delegation=given))


@pytest.mark.parametrize("end", ["EndDelegation", "RecoverKeys", "SuspendMember"])
def test_a_delegation_ends_by_its_giver_by_recovery_and_rests_with_a_suspension(
    keys: Keys, end: str
) -> None:
    given = delegate(keys)
    if end == "EndDelegation":
        keys.follow(proved(end, MEMBER, MEMBER, FIRST, given=given))
    else:
        motion(keys, end)
    with pytest.raises((DelegationNotProved, MemberNotActing)):
        keys.follow(delegated(given))


def test_a_delegate_that_is_suspended_signs_for_nobody(keys: Keys) -> None:
    given = delegate(keys)
    motion(keys, "SuspendMember", OTHER)
    with pytest.raises(MemberNotActing):
        keys.follow(delegated(given))


def test_a_delegate_changes_no_member(keys: Keys) -> None:
    given = delegate(keys)
    with pytest.raises(DelegationNotProved):
        keys.follow(proved("UpdateProfile", MEMBER, MEMBER, SECOND, delegation=given))


def test_a_lane_signs_for_its_terminal_alone(keys: Keys) -> None:
    register_lane(keys)
    right = sha256(b"right").digest()
    keys.follow(proved("GateOut", MEMBER, right, SECOND, lane=LANE))
    with pytest.raises(KeyUnknown):
        keys.follow(proved("GateOut", OTHER, right, SECOND, lane=LANE))
    with pytest.raises(KeyUnknown):
        keys.follow(proved("GateOut", MEMBER, right, FIRST, lane=LANE))
    with pytest.raises(KeyUnknown):
        keys.follow(proved("GateOut", MEMBER, right, SECOND, lane=OTHER))


Impossible = tuple[Callable[[], ProvedAct], type[EvidenceRefused]]
IMPOSSIBLE: dict[str, Impossible] = {
    "a member that changes another": (
        lambda: proved("UpdateProfile", MEMBER, OTHER, FIRST),
        ActOutOfPlace,
    ),
    "a revocation of a key that never was": (
        lambda: proved("RevokeKey", MEMBER, MEMBER, FIRST, key=key_id(SECOND.address)),
        KeyUnknown,
    ),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_no_contract_executes_is_refused_not_crashed_on(keys: Keys, name: str) -> None:
    act, expected = IMPOSSIBLE[name]
    with pytest.raises(expected):
        keys.follow(act())


def test_an_admission_with_more_keys_than_purposes_is_refused() -> None:
    told = Keys(network())
    twice = {"keys": [bytes(32)], "purposes": []}
    told.follow(
        proved("AdmitMember", SEATS[0], MEMBER, SEAT_KEYS[0], outcome=Outcome.ASSENTED, **twice)  # type: ignore[arg-type]
    )
    with pytest.raises(EventNotProved):
        told.follow(proved("AdmitMember", SEATS[1], MEMBER, SEAT_KEYS[1], **twice))  # type: ignore[arg-type]
