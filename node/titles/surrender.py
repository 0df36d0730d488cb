"""The end of a title's life on the ledger: surrender to the carrier, or voided before its first
hand-over."""

from typing import Literal

from identity.acts.words import SurrenderPurpose, TitleKind, TitleState
from node.commands.bodies import (
    DEFAULT_DEADLINE_SECONDS,
    NOBODY,
    Body,
    DeadlineSeconds,
    Id,
    to_bytes,
)
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.titles import rules
from node.titles.hand_over import on_title


class SurrenderBody(Body):
    """Surrender a title to its carrier; other purposes than delivery are not served yet."""

    title: Id
    purpose: Literal["delivery"] = "delivery"
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS


class VoidBody(Body):
    """Void a title that nobody has accepted; ``reason`` is the hash of the carrier's own record."""

    title: Id
    reason: Id = NOBODY


def prepare_surrender(context: Context, body: SurrenderBody) -> Prepared:
    """Offer the title to its carrier, for delivery of the goods. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.LIVE)
    rules.require_movable(title, context.member, context.now)
    rules.require_no_offer(title, context.now)
    named = title.kind == TitleKind.STRAIGHT or title.party != NOBODY
    if named and title.party != context.member and title.pledgee != context.member:
        raise refusal_named("NotTheParty", title=title.id, member=context.member, party=title.party)
    return on_title(
        title,
        {
            "purpose": int(SurrenderPurpose[body.purpose.upper()]),
            "root": to_bytes(title.root),
            "amended": to_bytes(NOBODY),
            "deadline": context.now + body.deadline_seconds,
        },
    )


def prepare_void(context: Context, body: VoidBody) -> Prepared:
    """Void the title before its first hand-over. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.ISSUED)
    rules.require_unfrozen(title)
    return on_title(title, {"reason": to_bytes(body.reason)})
