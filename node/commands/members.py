"""A member's acts about itself: its keys, its profile, the rulebook it accepts."""

from typing import Literal

from identity.acts.typed import Value
from identity.acts.words import KeyPurpose
from node.commands.bodies import Body, Id, Moment, to_bytes
from node.commands.preparing import Context, Prepared


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


def _on_self(context: Context, fields: dict[str, Value]) -> Prepared:
    member = context.active_member(context.member)
    return Prepared(to_bytes(member.id), member.counter, fields)
