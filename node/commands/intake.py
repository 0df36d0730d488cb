"""Takes some commands of one caller: facts, policy, preparation, one transaction for all of it.

Command, audit row and outbox rows are stored together or not at all; of several commands each
stands or falls alone. ``node.commands.handler`` alone uses it.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

from identity.acts.typed import Act, Value, act_from_json, act_to_json, digest
from identity.acts.types import ActType
from identity.acts.words import MemberStatus
from identity.policy.decide import Actor, Decision, decide
from identity.policy.mandate import Terms
from node.approvals.holding import hold, queue_signing
from node.audit.record import record_all
from node.commands.bodies import NOBODY, to_bytes, to_hex
from node.commands.numbering import NUMBER
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.commands.requests import (
    Asked,
    Request,
    earlier_commands,
    named,
    read_request,
    repeat_of,
)
from node.commands.signing import SIGN, work
from node.commands.states import CODED_ERRORS, CodedError
from node.commands.terms import terms_of
from node.commands.verbs import VERBS
from node.errors import BillAlreadyIssued, NotAllowed, Unavailable
from node.events.stream import append_command
from node.jobs import enqueue
from node.store.commands import ACCEPTED, REFUSED, SIGNED, Command
from node.store.projections import Member

if TYPE_CHECKING:
    from node.node import Node

# How long a command may wait for its signature: for deliveries, or for the signer.
PATIENCE_SECONDS = 24 * 3600

Answer = Command | CodedError


class Intake:
    """Some commands of one caller on their way into the database, once."""

    def __init__(self, node: "Node", actor: Actor, asked: Sequence[Asked]) -> None:
        self._node = node
        self._actor = actor
        self._asked = asked
        self._answers: dict[int, Answer] = {}
        self._requests: dict[int, Request] = {}
        self._repeats: dict[int, int] = {}

    def take(self) -> list[Answer]:
        """Return an answer for each; the only method to call."""
        self._read()
        ahead = self._look_ahead()
        audited = [answer for answer in self._answers.values() if _leaves_audit(answer)]
        if ahead or audited:
            with self._node.db.begin() as session:
                self._store(session, ahead)
        for place, first in self._repeats.items():
            self._answers[place] = self._again(place, first)
        return [self._answers[place] for place in range(len(self._asked))]

    def _read(self) -> None:
        places: dict[str, int] = {}
        for place, asked in enumerate(self._asked):
            try:
                request = read_request(self._actor, asked)
            except CODED_ERRORS as error:
                self._answers[place] = error
                continue
            if places.setdefault(request.key, place) == place:
                self._requests[place] = request
            else:
                self._repeats[place] = places[request.key]

    def _look_ahead(self) -> dict[int, Any]:
        """Do what takes long, while others can still write; return its results by place."""
        results: dict[int, Any] = {at: None for at, _ in self._open()}
        if not any(request.verb.looks_ahead for _, request in self._open()):
            return results
        with self._node.db.read() as session:
            self._answer_repeats(session)
            context = self._context(session)
            for place, request in self._open():
                try:
                    _require_allowed(context, request)
                    results[place] = request.verb.ahead(context, request.body)
                except CODED_ERRORS as error:
                    self._answers[place] = error
        return {at: result for at, result in results.items() if at not in self._answers}

    def _store(self, session: Session, ahead: dict[int, Any]) -> None:
        """Prepare what is left, and add commands, outbox rows and audit rows."""
        self._answer_repeats(session)
        context = self._context(session)
        prepared: list[tuple[Command, Prepared]] = []
        claims: dict[str, Command] = {}
        for place, request in self._open():
            try:
                with _apart(session, alone=len(self._asked) == 1):
                    command, how = self._prepare(context, request, ahead[place], claims)
            except CODED_ERRORS as error:
                self._answers[place] = error
            else:
                self._answers[place] = command
                prepared.append((command, how))
        session.add_all([command for command, _ in prepared])
        _enqueue(self._node, session, prepared)
        for command, _ in prepared:
            append_command(session, command, context.now)
        record_all(session, [*self._refusals(), *(self._taken(each) for each, _ in prepared)])

    def _prepare(
        self, context: Context, request: Request, ahead: Any, claims: dict[str, Command]
    ) -> tuple[Command, Prepared]:
        allowed, terms = _require_allowed(context, request)
        prepared = request.verb.prepare(context, request.body, ahead)
        _require_unclaimed(context.session, prepared.claim, claims)
        command = _command(context, request, prepared)
        if prepared.wire is not None:
            _take_signed(self._node, command, prepared.wire)
        if prepared.claim is not None:
            claims[prepared.claim] = command
        if allowed.approvals and terms is not None:
            command.result = {**command.result, "approvals_needed": allowed.approvals}
            hold(context.session, command, request.verb.policy, allowed.approvals, terms)
        return command, prepared

    def _open(self) -> Iterable[tuple[int, Request]]:
        return [(at, one) for at, one in self._requests.items() if at not in self._answers]

    def _answer_repeats(self, session: Session) -> None:
        waiting = dict(self._open())
        keys = [request.key for request in waiting.values()]
        earlier = earlier_commands(session, self._actor.subject, keys) if keys else {}
        for place, request in waiting.items():
            if request.key in earlier:
                try:
                    self._answers[place] = repeat_of(earlier[request.key], request)
                except CODED_ERRORS as error:
                    self._answers[place] = error

    def _again(self, place: int, first: int) -> Answer:
        """Answer what repeats a key of the same call."""
        answer = self._answers[first]
        if not isinstance(answer, Command):
            return answer
        try:
            return repeat_of(answer, read_request(self._actor, self._asked[place]))
        except CODED_ERRORS as error:
            return error

    def _context(self, session: Session) -> Context:
        return Context(session, self._node, self._node.settings.member, int(time.time()))

    def _refusals(self) -> list[dict[str, Any]]:
        return [
            self._by_caller(asked.verb, REFUSED, named(asked.body), code=answer.code)
            for place, asked in enumerate(self._asked)
            if not isinstance(answer := self._answers.get(place), Command | None)
            and not isinstance(answer, Unavailable)
        ]

    def _taken(self, command: Command) -> dict[str, Any]:
        return self._by_caller(command.verb, command.state, command.object, command=command.id)

    def _by_caller(
        self, verb: str, outcome: str, about: str | None,
        code: str | None = None, command: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        return {
            "subject": self._actor.subject,
            "role": _role(self._actor),
            "verb": verb if verb in VERBS else "unknown",
            "outcome": outcome,
            "object": about,
            "code": code,
            "command": command,
        }


@contextmanager
def _apart(session: Session, alone: bool) -> Iterator[None]:
    """Undo what the block did to the session when it raises one of our errors.

    ``alone``: nothing but the block has used the session for writing.
    """
    if not alone:
        session.flush()
        session.connection().exec_driver_sql("SAVEPOINT apart")
    try:
        yield
    except CODED_ERRORS:
        session.expunge_all()
        if alone:
            session.rollback()
        else:
            session.connection().exec_driver_sql("ROLLBACK TO SAVEPOINT apart")
        raise


def _leaves_audit(answer: Answer) -> bool:
    return not isinstance(answer, Command | Unavailable)


def _role(actor: Actor) -> str:
    return ",".join(sorted(actor.roles))


def _require_allowed(context: Context, request: Request) -> tuple[Decision, Terms | None]:
    facts = request.verb.facts(context, request.body)
    mandate, terms = request.actor.mandate, None
    if mandate is not None:
        subject = request.actor.subject
        terms = terms_of(context, request.name, request.body, mandate, subject)
        facts = replace(facts, terms=terms)
    decision = decide(request.actor, request.verb.policy, facts)
    if not decision.allowed:
        raise NotAllowed(
            decision.code, decision.message, verb=request.verb.policy, object=request.object
        )
    own = context.get(Member, context.member)
    if own is not None and own.status != MemberStatus.ACTIVE:
        raise refusal_named("MemberNotActive", member=context.member)
    return decision, terms


def _require_unclaimed(session: Session, claim: str | None, claims: dict[str, Command]) -> None:
    if claim is None:
        return
    other = claims.get(claim)
    if other is None:
        other = session.exec(select(Command).where(Command.claim == claim)).first()
    if other is not None:
        raise BillAlreadyIssued(
            "A title for this bill number is issued already, or is being issued.",
            command=other.id,
            title=other.object,
        )


def _command(context: Context, request: Request, prepared: Prepared) -> Command:
    expires = context.now + PATIENCE_SECONDS
    act = _draft(context.member, request.name, prepared, expires)
    return Command(
        id=secrets.token_hex(16),
        subject=request.actor.subject,
        role=_role(request.actor),
        key=request.key,
        request=request.digest,
        verb=request.name,
        contract=ActType.by_name(request.name).contract,
        object=None if prepared.object is None else to_hex(prepared.object),
        claim=prepared.claim,
        sequence=_sequence(prepared),
        state=ACCEPTED,
        act=act_to_json(act),
        expires=expires,
        result=dict(prepared.result),
        created_at=context.now,
        updated_at=context.now,
    )


def _sequence(prepared: Prepared) -> str | None:
    """Return the lane of a lane's act: its device counter has to rise over all rights."""
    lane = prepared.fields.get("lane") if prepared.wire is not None else None
    return to_hex(lane) if isinstance(lane, bytes) else None


def _draft(member: str, verb: str, prepared: Prepared, expires: int) -> Act:
    """Return the act as far as it is known: an issue's object and the expiry follow at signing."""
    header: dict[str, Value] = {
        "principal": to_bytes(member),
        "delegation": to_bytes(NOBODY),
        "object": prepared.object or to_bytes(NOBODY),
        "counter": prepared.counter,
        "expires": expires,
        "companion": to_bytes(NOBODY),
    }
    # A lane's act brings its own header.
    return Act(verb, {**header, **prepared.fields})


def _take_signed(node: "Node", command: Command, wire: bytes) -> None:
    """Take an act that a lane has signed already; the prepare function has checked it."""
    act = act_from_json(command.act)
    command.state = SIGNED
    command.wire = wire.hex()
    command.digest = to_hex(digest(node.network.domain(command.contract), act))
    command.expires = act.expires


def _enqueue(node: "Node", session: Session, prepared: Sequence[tuple[Command, Prepared]]) -> None:
    """Add the work that must follow; those that wait for nothing share a row."""
    together: list[str] = []
    for command, how in prepared:
        if command.state == SIGNED:
            continue
        if how.object is None:
            enqueue(session, NUMBER, {"command": command.id})
        elif "approvals_needed" in command.result:
            queue_signing(node, session, command, work([command.id], how.deliveries, how.attached))
        elif how.deliveries or how.attached:
            enqueue(session, SIGN, work([command.id], how.deliveries, how.attached))
        else:
            together.append(command.id)
    if together:
        enqueue(session, SIGN, work(together))
