"""A member's acts about itself: its keys, profile and rulebook, and who may act for it."""

from typing import Annotated, Literal

from pydantic import Field

from identity.acts.typed import Value
from identity.acts.types import ACT_TYPES
from identity.acts.words import KeyPurpose
from node.commands.bodies import NOBODY, Body, Id, Moment, to_bytes
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.store.council_projections import Delegation

MAX_DELEGATION_SECONDS = 366 * 24 * 3600


class AddKeyBody(Body):
    """Add a key by its id on the ledger; in UTC seconds, ``valid_until`` 0 without end."""

    key: Id
    purpose: Literal["act", "relay", "witness"]
    valid_from: Moment
    valid_until: Moment = 0


class RevokeKeyBody(Body):
    """Revoke a key of one's own; it cannot be added again."""

    key: Id


class UpdateProfileBody(Body):
    """Name the SHA-256 of the member's new profile."""

    profile: Id


class AcceptRulebookBody(Body):
    """Accept the rulebook with this hash; it must be the one in force."""

    rulebook: Id


class DelegateBody(Body):
    """Let another member act for this one, with these verbs, until a moment (UTC seconds).

    ``title`` limits it to one title. The delegation's id is the digest of its act.
    """

    delegate: Id
    verbs: Annotated[list[str], Field(min_length=1, max_length=len(ACT_TYPES))]
    title: Id = NOBODY
    until: Moment


class EndDelegationBody(Body):
    """End a delegation that this member gave."""

    given: Id


def prepare_add_key(context: Context, body: AddKeyBody) -> Prepared:
    """Add a key to this member. Raises: ContractRefused."""
    return _on_self(
        context,
        {
            "key": to_bytes(body.key),
            "purpose": int(KeyPurpose[body.purpose.upper()]),
            "validFrom": body.valid_from,
            "validUntil": body.valid_until,
        },
    )


def prepare_revoke_key(context: Context, body: RevokeKeyBody) -> Prepared:
    """Revoke a key of this member. Raises: ContractRefused."""
    return _on_self(context, {"key": to_bytes(body.key)})


def prepare_update_profile(context: Context, body: UpdateProfileBody) -> Prepared:
    """Name this member's new profile. Raises: ContractRefused."""
    return _on_self(context, {"profile": to_bytes(body.profile)})


def prepare_accept_rulebook(context: Context, body: AcceptRulebookBody) -> Prepared:
    """Accept a rulebook for this member. Raises: ContractRefused."""
    return _on_self(context, {"rulebook": to_bytes(body.rulebook)})


def prepare_delegate(context: Context, body: DelegateBody) -> Prepared:
    """Let another member act for this one. Raises: ContractRefused."""
    mask = 0
    for name in body.verbs:
        act_type = ACT_TYPES.get(name)
        if act_type is None or not act_type.delegable:
            raise refusal_named("VerbsNotDelegable", verbs=name[:64])
        mask |= 1 << act_type.code
    if body.delegate == context.member:
        raise refusal_named("DelegateIsPrincipal", member=context.member)
    context.active_member(body.delegate)
    if not context.now < body.until <= context.now + MAX_DELEGATION_SECONDS:
        raise refusal_named("DelegationPeriodMalformed", until=body.until)
    return _on_self(
        context,
        {
            "delegate": to_bytes(body.delegate),
            "verbs": mask,
            "title": to_bytes(body.title),
            "until": body.until,
        },
    )


def prepare_end_delegation(context: Context, body: EndDelegationBody) -> Prepared:
    """End a delegation. Raises: ContractRefused."""
    delegation = context.session.get(Delegation, body.given)
    if delegation is None or delegation.principal != context.member:
        raise refusal_named("DelegationUnknown", delegation=body.given)
    if delegation.ended_block is not None:
        raise refusal_named("DelegationEnded", delegation=body.given)
    return _on_self(context, {"given": to_bytes(body.given)})


def _on_self(context: Context, fields: dict[str, Value]) -> Prepared:
    member = context.active_member(context.member)
    return Prepared(to_bytes(member.id), member.counter, fields)
