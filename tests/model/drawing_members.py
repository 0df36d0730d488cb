"""Draws acts of Membership: motions of two seats, keys and delegations."""

from collections.abc import Callable, Mapping
from typing import Any

from model.companies import COMPANIES, DISCHARGE, LOADING, SEATS, hash_of, key_of
from model.drawing import DAY, MEMBERS, Drawn, Fields, Pen, own_keys
from model.members import NOBODY

from identity.acts.objects import RULEBOOK, assignment_id
from identity.acts.types import ACT_TYPES
from identity.acts.words import KeyPurpose, MemberStatus, Role
from identity.keys.secp256k1 import key_id

_ALL_TITLE_VERBS = sum(
    1 << act.code for act in ACT_TYPES.values() if act.delegable and act.contract == "Titles"
)


def motion(pen: Pen) -> list[Drawn]:
    """Return a motion's acts: of two seats as a rule, of one sometimes."""
    name = pen.one_of(list(_MOTIONS))
    if name == "SuspendMember" and _suspended(pen) and not pen.once_in(3):
        name = "ReinstateMember"
    object_id, counter, fields = _MOTIONS[name](pen)
    seats = [pen.one_of(SEATS), pen.one_of(SEATS)]
    if seats[0] == seats[1] and not pen.once_in(3):
        seats[1] = SEATS[(SEATS.index(seats[0]) + 1) % len(SEATS)]
    return [
        Drawn(
            pen.act(name, COMPANIES[seat].id, object_id, counter, **fields).act,
            key_of(seat, "council"),
        )
        for seat in seats
    ]


def own_record(pen: Pen) -> Drawn:
    """Return an act by which a member changes its keys or delegations."""
    principal = pen.member()
    member = pen.world.members.members[principal]
    name = pen.one_of(("Delegate", "AddKey", "EndDelegation", "RevokeKey"))
    return pen.act(name, principal, principal, member.counter, **_OWN[name](pen, principal))


def _reasoned(pen: Pen, **fields: Any) -> Fields:
    return {**fields, "reason": hash_of(f"reason {pen.one_of(range(8))}")}


def _suspend(pen: Pen) -> tuple[bytes, int, Fields]:
    return pen.member(), 0, _reasoned(pen)


def _reinstate(pen: Pen) -> tuple[bytes, int, Fields]:
    return pen.one_of(_suspended(pen) or MEMBERS), 0, _reasoned(pen)


def _suspended(pen: Pen) -> list[bytes]:
    members = pen.world.members.members.values()
    return [m.id for m in members if m.status == MemberStatus.SUSPENDED]


def _exit(pen: Pen) -> tuple[bytes, int, Fields]:
    return pen.one_of(MEMBERS), 0, _reasoned(pen)


def _name_successor(pen: Pen) -> tuple[bytes, int, Fields]:
    carriers = [COMPANIES["carrier"].id, COMPANIES["liner"].id]
    of = pen.one_of(carriers)
    successor = pen.one_of([next(c for c in carriers if c != of), NOBODY])
    return of, 0, _reasoned(pen, successor=successor)


def _change_roles(pen: Pen) -> tuple[bytes, int, Fields]:
    member = pen.world.members.members[pen.member()]
    roles = pen.one_of((int(member.roles | Role.BANK), int(Role.CARRIER), int(Role.TRUCK)))
    return member.id, 0, _reasoned(pen, roles=roles)


def _recover_keys(pen: Pen) -> tuple[bytes, int, Fields]:
    member = pen.one_of(MEMBERS)
    key = key_id(pen.one_of(own_keys(member)[::-1]).address)
    purposes = [int(pen.one_of((KeyPurpose.ACT, KeyPurpose.NUMBERING)))]
    return member, 0, {"series": NOBODY, "keys": [key], "purposes": purposes}


def _assign(pen: Pen) -> tuple[bytes, int, Fields]:
    port = pen.one_of((DISCHARGE, LOADING))
    role = pen.one_of((Role.CUSTOMS, Role.TERMINAL, Role.REGULATOR, Role.DEPOT))
    place = assignment_id(port, int(role))
    counter = pen.world.membership.assignment_counters.get(place, 0)
    member = pen.member(roles=role)
    assigned = int((port, int(role), member) not in pen.world.members.assignments)
    fields = {"port": port, "role": int(role), "member": member, "assigned": assigned}
    return place, counter, fields


def _change_rulebook(pen: Pen) -> tuple[bytes, int, Fields]:
    fields = {
        "rulebook": hash_of(f"rulebook {pen.one_of(range(2))}"),
        "enforcementSeconds": pen.one_of((DAY, 1, 366 * DAY)),
        "transferSeconds": pen.one_of((1, DAY)),
    }
    return RULEBOOK, pen.world.membership.rulebook_version, fields


_MOTIONS: Mapping[str, Callable[[Pen], tuple[bytes, int, Fields]]] = {
    "SuspendMember": _suspend,
    "ReinstateMember": _reinstate,
    "NameSuccessor": _name_successor,
    "ChangeRulebook": _change_rulebook,
    "ExitMember": _exit,
    "AssignAuthority": _assign,
    "ChangeRoles": _change_roles,
    "RecoverKeys": _recover_keys,
}


def _delegate(pen: Pen, principal: bytes) -> Fields:
    titles = list(pen.world.titles)
    return {
        "delegate": pen.member(principal),
        "verbs": pen.one_of((_ALL_TITLE_VERBS, 1 << 33, 1 << 34 | 1 << 38)),
        "title": pen.one_of([NOBODY, *titles]),
        "until": pen.world.now + pen.one_of((300 * DAY, DAY, 3)),
    }


def _end_delegation(pen: Pen, principal: bytes) -> Fields:
    given = [
        id_ for id_, d in pen.world.members.delegations.items() if d.principal == principal
    ] + list(pen.world.members.delegations)
    return {"given": given[0] if given else NOBODY}


def _add_key(pen: Pen, principal: bytes) -> Fields:
    key = pen.one_of(own_keys(principal)[1:])
    return {
        "key": key_id(key.address),
        "purpose": int(KeyPurpose.ACT),
        "validFrom": pen.world.now + pen.one_of((0, 2, DAY)),
        "validUntil": pen.one_of((0, pen.world.now + DAY)),
    }


def _revoke_key(pen: Pen, principal: bytes) -> Fields:
    keys = [
        id_
        for id_, key in pen.world.members.keys.items()
        if key.owner == principal and key.purpose == KeyPurpose.ACT
    ]
    return {"key": pen.one_of(keys[::-1])}


_OWN: Mapping[str, Callable[[Pen, bytes], Fields]] = {
    "Delegate": _delegate,
    "AddKey": _add_key,
    "EndDelegation": _end_delegation,
    "RevokeKey": _revoke_key,
}
