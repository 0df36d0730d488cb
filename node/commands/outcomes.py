"""How commands end: the ledger's final events decide, in the follower's own transaction.

An act is known by its digest. That it took effect counts whoever relayed it. That it was refused
counts only from this node's own transaction: anybody can relay the same words with a worthless
signature, and that refusal says nothing about the act.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from identity.acts.words import Outcome
from node.chain.events import Event
from node.chain.reasons import read_reason
from node.commands.refusals import refusal_named
from node.commands.states import Move, move_all, refusal_of
from node.errors import ContractRefused, NotReleased
from node.store.commands import FINAL, REFUSED, RELAYED, Command
from node.store.many import read_many
from node.store.projections import ACTED
from node.store.projections import REFUSED as REFUSED_EVENT
from node.store.rows import table_of


@dataclass
class _Standing:
    """A command as these events find and leave it, with its moves so far."""

    number: int
    id: str
    verb: str
    object: str | None
    state: str
    transaction: str | None
    moves: list[Move] = field(default_factory=list)

    def move(self, event: Event, state: str, error: ContractRefused | NotReleased | None) -> None:
        values: dict[str, object] = {"block": event.block}
        if event.kind == ACTED:
            values["transaction"] = event.tx_hash
        refusal = None if error is None else refusal_of(error)
        self.state = state
        self.moves.append(
            Move(self.number, self.id, self.verb, self.object, state, refusal, values)
        )


def apply_outcomes(session: Session, events: Sequence[Event]) -> None:
    """Move the commands whose acts these events speak of; a hook of the follower.

    Safe to run twice over the same events.
    """
    telling = [event for event in events if event.kind in (ACTED, REFUSED_EVENT)]
    if not telling:
        return
    found = _by_digest(session, {event.digest for event in telling})
    for event in telling:
        for standing in found.get(event.digest, ()):
            _apply(standing, event)
    standings = [one for several in found.values() for one in several]
    # By state, so that few statements do; a command's own moves stay in their order.
    turns = [(turn, each.state, each) for one in standings for turn, each in enumerate(one.moves)]
    turns.sort(key=lambda at: at[:2])
    move_all(session, [each for *_, each in turns], events[-1].block_time)


def _apply(standing: _Standing, event: Event) -> None:
    if standing.state == FINAL:
        return
    if event.kind == ACTED:
        if event.outcome == Outcome.RECORDED_REFUSAL:
            error = NotReleased("The conditions were not all met when the lane acted.")
            standing.move(event, REFUSED, error)
        else:
            standing.move(event, FINAL, None)
    elif standing.state == RELAYED and standing.transaction == event.tx_hash:
        facts = read_reason(bytes.fromhex(event.reason[2:])).facts
        standing.move(event, REFUSED, refusal_named(event.refusal, **facts))


def _by_digest(session: Session, digests: Collection[str]) -> Mapping[str, list[_Standing]]:
    found: dict[str, list[_Standing]] = {}
    rows = read_many(session.connection(), table_of(Command), _COLUMNS, "digest", digests)
    for digest, *rest in rows:
        found.setdefault(digest, []).append(_Standing(*rest))
    return found


_COLUMNS = ("digest", "number", "id", "verb", "object", "state", "transaction")
