"""How commands end: the ledger's final events decide, in the follower's own transaction.

An act is known by its digest. That it took effect counts whoever relayed it. That it was refused
counts only from this node's own transaction: anybody can relay the same words with a worthless
signature, and that refusal says nothing about the act.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session, col, select

from identity.acts.words import Outcome
from node.chain.events import Event
from node.chain.reasons import read_reason
from node.commands.refusals import refusal_named
from node.commands.states import move, refusal_of
from node.errors import NotReleased
from node.store.commands import FINAL, REFUSED, RELAYED, Command
from node.store.projections import ACTED
from node.store.projections import REFUSED as REFUSED_EVENT

QUERY_DIGESTS = 500


def apply_outcomes(session: Session, events: Sequence[Event]) -> None:
    """Move the commands whose acts these events speak of; a hook of the follower.

    Safe to run twice over the same events.
    """
    telling = [event for event in events if event.kind in (ACTED, REFUSED_EVENT)]
    commands = _by_digest(session, {event.digest for event in telling})
    for event in telling:
        for command in commands.get(event.digest, ()):
            _apply(session, command, event)


def _apply(session: Session, command: Command, event: Event) -> None:
    if command.state == FINAL:
        return
    if event.kind == ACTED:
        command.block, command.transaction = event.block, event.tx_hash
        if event.outcome == Outcome.RECORDED_REFUSAL:
            error = NotReleased("The conditions were not all met when the lane acted.")
            move(session, command, REFUSED, event.block_time, refusal_of(error))
        else:
            move(session, command, FINAL, event.block_time)
    elif command.state == RELAYED and command.transaction == event.tx_hash:
        command.block = event.block
        facts = read_reason(bytes.fromhex(event.reason[2:])).facts
        refusal = refusal_of(refusal_named(event.refusal, **facts))
        move(session, command, REFUSED, event.block_time, refusal)


def _by_digest(session: Session, digests: Iterable[str]) -> Mapping[str, list[Command]]:
    wanted = sorted(digests)
    found: dict[str, list[Command]] = defaultdict(list)
    for start in range(0, len(wanted), QUERY_DIGESTS):
        part = wanted[start : start + QUERY_DIGESTS]
        for command in session.exec(select(Command).where(col(Command.digest).in_(part))):
            found[str(command.digest)].append(command)
    return found
