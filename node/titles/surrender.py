"""A title on its way back to the carrier: surrendered, voided, and returned from paper.

Whoever answers for the carrier holds the documents concerned before the surrender is signed: the
amended bill for an amendment, and where that is not the carrier, the title's own.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, model_validator

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
from node.documents.service import KeptDocument
from node.store.projections import Title
from node.titles import rules
from node.titles.hand_over import on_title


class SurrenderBody(Body):
    """Surrender a title to its carrier; for an amendment with ``document``, the amended bill."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["purpose", "document"],
                    "properties": {
                        "purpose": {"const": "amendment"},
                        "document": {"type": "object"},
                    },
                },
                {
                    "properties": {
                        "purpose": {"enum": ["delivery", "paper"]},
                        "document": {"type": "null"},
                    }
                },
            ]
        }
    )

    title: Id
    purpose: Literal["delivery", "amendment", "paper"] = "delivery"
    document: dict[str, Any] | None = None
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS

    @model_validator(mode="after")
    def _document_goes_with_an_amendment(self) -> Self:
        if (self.purpose == "amendment") != (self.document is not None):
            raise ValueError("an amendment, and nothing else, comes with its document")
        return self


class VoidBody(Body):
    """Void a title that nobody has accepted; ``reason`` is the hash of the carrier's own record."""

    title: Id
    reason: Id = NOBODY


class ReturnFromPaperBody(Body):
    """Offer a title that was turned into paper to the member that brought the paper back."""

    title: Id
    holder: Id
    deadline_seconds: DeadlineSeconds = DEFAULT_DEADLINE_SECONDS


def keep_amended(context: Context, body: SurrenderBody) -> KeptDocument | None:
    """Check the amended bill and put it into the vault; None for the other purposes.

    Raises: ContractRefused, and what ``DocumentService.keep_amended`` raises.
    """
    if body.document is None:
        return None
    title = context.title(body.title)
    _require_surrenderable(context, title, body.purpose)
    return context.node.documents.keep_amended(context.session, body.document, title)


def prepare_surrender(context: Context, body: SurrenderBody, kept: KeptDocument | None) -> Prepared:
    """Offer the title to who answers for its carrier. Raises: ContractRefused, DocumentNotHeld."""
    title = context.title(body.title)
    _require_surrenderable(context, title, body.purpose)
    answering = rules.answering_for(context, title.carrier)
    amended, root, readers = NOBODY, title.root, {answering} - {title.carrier}
    if kept is not None:
        amended = root = context.node.documents.note_own(context.session, kept).root
        readers = {answering, title.pledgee} - {context.member, NOBODY}
    return on_title(
        title,
        {
            "purpose": int(SurrenderPurpose[body.purpose.upper()]),
            "root": to_bytes(title.root),
            "amended": to_bytes(amended),
            "deadline": context.now + body.deadline_seconds,
        },
        [context.deliver(root, reader) for reader in sorted(readers)],
    )


def _require_surrenderable(context: Context, title: Title, purpose: str) -> None:
    rules.require_state(title, TitleState.LIVE)
    rules.require_no_offer(title, context.now)
    if purpose == "amendment":
        rules.require_unfrozen(title)
        if title.holder != context.member:
            raise refusal_named(
                "NotTheHolder", title=title.id, principal=context.member, holder=title.holder
            )
        rules.require_no_default(title)
        return
    rules.require_movable(title, context.member, context.now)
    if title.pledgee != NOBODY:
        if purpose == "paper":
            raise refusal_named("PurposeUnknown", purpose=int(SurrenderPurpose.PAPER))
        return
    named = title.kind == TitleKind.STRAIGHT or title.party != NOBODY
    if purpose == "delivery" and named and title.party != context.member:
        raise refusal_named("NotTheParty", title=title.id, member=context.member, party=title.party)


def prepare_void(context: Context, body: VoidBody) -> Prepared:
    """Void the title before its first hand-over. Raises: ContractRefused."""
    title = context.title(body.title)
    rules.require_state(title, TitleState.ISSUED)
    rules.require_unfrozen(title)
    return on_title(title, {"reason": to_bytes(body.reason)})


def prepare_return_from_paper(context: Context, body: ReturnFromPaperBody) -> Prepared:
    """Offer the title to who brought the paper; its document goes there first.

    Raises: ContractRefused, DocumentNotHeld.
    """
    title = context.title(body.title)
    rules.require_state(title, TitleState.PAPER)
    rules.require_no_offer(title, context.now)
    if body.holder == context.member:
        raise refusal_named("OfferToSelf", title=title.id)
    context.active_member(body.holder)
    return on_title(
        title,
        {
            "holder": to_bytes(body.holder),
            "deadline": context.now + body.deadline_seconds,
            "root": to_bytes(title.root),
        },
        [context.deliver(title.root, body.holder)],
    )
