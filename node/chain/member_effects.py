"""What acts of Membership do to the tables of members, keys, delegations and authorities."""

from sqlmodel import col

from identity.acts.words import KeyPurpose, MemberStatus
from node.chain.act_rows import (
    missing,
    next_row,
    number,
    numbers,
    require_first,
    text,
    whole,
    words,
)
from node.chain.events import Event
from node.store.council_projections import Delegation
from node.store.projections import NOBODY, Authority, AuthorityMotion, Member, MemberKey
from node.store.rows import Rows


def _admit_member(rows: Rows, event: Event) -> None:
    require_first(event)
    fields = event.fields
    rows.put(
        Member,
        id=event.object,
        number=rows.count(Member) + 1,
        roles=number(fields, "roles"),
        status=int(MemberStatus.ACTIVE),
        counter=event.counter,
        profile=text(fields, "profile"),
        rulebook=text(fields, "rulebook"),
        successor=NOBODY,
        admitted_block=event.block,
    )
    _put_keys(rows, event)


def _put_keys(rows: Rows, event: Event) -> None:
    keys, purposes = words(event.fields, "keys"), numbers(event.fields, "purposes")
    for key, purpose in zip(keys, purposes, strict=True):
        _put_key(rows, event, "0x" + key.hex(), purpose, event.block_time, 0)


def _put_key(
    rows: Rows, event: Event, key: str, purpose: int, valid_from: int, valid_until: int
) -> None:
    rows.put(
        MemberKey,
        member=event.object,
        key=key,
        purpose=purpose,
        valid_from=valid_from,
        valid_until=valid_until,
        revoked_at=0,
        added_block=event.block,
        revoked_block=None,
    )


def _add_key(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)
    fields = event.fields
    _put_key(
        rows,
        event,
        text(fields, "key"),
        number(fields, "purpose"),
        number(fields, "validFrom"),
        number(fields, "validUntil"),
    )


def _revoke_key(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)
    key = rows.change(MemberKey, event.object, text(event.fields, "key"))
    if key is None:
        raise missing(event, None)
    key.update(revoked_at=event.block_time, revoked_block=event.block)


def _recover_keys(rows: Rows, event: Event) -> None:
    """Every earlier key ends but numbering keys, and with them what was delegated under them."""
    next_row(rows, event, Member)
    standing = rows.change_where(
        MemberKey,
        col(MemberKey.member) == event.object,
        col(MemberKey.purpose) != int(KeyPurpose.NUMBERING),
        col(MemberKey.revoked_at) == 0,
    )
    for key in standing:
        key.update(revoked_at=event.block_time, revoked_block=event.block)
    given = rows.change_where(
        Delegation,
        col(Delegation.principal) == event.object,
        col(Delegation.ended_block).is_(None),
    )
    for delegation in given:
        delegation["ended_block"] = event.block
    _put_keys(rows, event)


def _update_profile(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["profile"] = text(event.fields, "profile")


def _accept_rulebook(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["rulebook"] = text(event.fields, "rulebook")


def _change_roles(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["roles"] = number(event.fields, "roles")


def _suspend_member(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["status"] = int(MemberStatus.SUSPENDED)


def _reinstate_member(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["status"] = int(MemberStatus.ACTIVE)


def _exit_member(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member).update(status=int(MemberStatus.LEFT), roles=0)


def _name_successor(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)["successor"] = text(event.fields, "successor")


def _delegate(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)
    fields = event.fields
    rows.put(
        Delegation,
        id=event.digest,
        principal=event.object,
        delegate=text(fields, "delegate"),
        verbs=whole(fields, "verbs"),
        title=text(fields, "title"),
        until=number(fields, "until"),
        ended_block=None,
    )


def _end_delegation(rows: Rows, event: Event) -> None:
    next_row(rows, event, Member)
    delegation = rows.change(Delegation, text(event.fields, "given"))
    if delegation is None:
        raise missing(event, None)
    delegation["ended_block"] = event.block


def _assign_authority(rows: Rows, event: Event) -> None:
    fields = event.fields
    port, role = number(fields, "port"), number(fields, "role")
    if rows.get(AuthorityMotion, event.object) is None:
        rows.put(AuthorityMotion, id=event.object, port=port, role=role, counter=0)
    next_row(rows, event, AuthorityMotion)
    member = text(fields, "member")
    if number(fields, "assigned"):
        rows.put(Authority, port=port, role=role, member=member)
    else:
        rows.remove(Authority, port, role, member)


MEMBER_EFFECTS = {
    "AdmitMember": _admit_member,
    "AssignAuthority": _assign_authority,
    "AddKey": _add_key,
    "RevokeKey": _revoke_key,
    "RecoverKeys": _recover_keys,
    "UpdateProfile": _update_profile,
    "AcceptRulebook": _accept_rulebook,
    "ChangeRoles": _change_roles,
    "SuspendMember": _suspend_member,
    "ReinstateMember": _reinstate_member,
    "ExitMember": _exit_member,
    "NameSuccessor": _name_successor,
    "Delegate": _delegate,
    "EndDelegation": _end_delegation,
}
