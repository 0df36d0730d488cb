"""Takes some commands of one caller: facts, policy, preparation.

What several callers ask for at the same time shares a transaction; of all those commands each
stands or falls alone. ``node.commands.handler`` alone uses it.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

from identity.acts.typed import Act, Value, act_from_json, act_to_json, digest
from identity.acts.words import MemberStatus
from identity.policy.decide import Actor, Decision, decide
from identity.policy.mandate import Terms
from node.approvals.holding import hold
from node.commands.bodies import NOBODY, to_bytes, to_hex
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
from node.commands.states import CODED_ERRORS, CodedError
from node.commands.terms import terms_of
from node.commands.verbs import VERBS
from node.commands.writing import Writing
from node.errors import BillAlreadyIssued, NotAllowed, Unavailable
from node.store.commands import ACCEPTED, REFUSED, SIGNED, Command
from node.store.projections import Member
from node.store.rows import as_read, table_of

if TYPE_CHECKING:
    from node.node import Node

# How long a command may wait for its signature: for deliveries, or for the signer.
PATIENCE_SECONDS = 24 * 3600

Answer = Command | CodedError
_NOTHING: Mapping[str, Any] = dict.fromkeys(column.name for column in table_of(Command).columns) | {
    "batch_limit": 0,
    "relay_after": 0,
    "relays": 0,
}


class Intake:
    """Some commands of one caller on their way into the database.

    ``read`` comes first, in the caller's own time; then ``store_all``.
    """

    def __init__(self, node: "Node", actor: Actor, asked: Sequence[Asked]) -> None:
        self._node = node
        self.actor = actor
        self._asked = asked
        self._answers: dict[int, Answer] = {}
        self._answered_before: dict[int, Answer] = {}
        self._requests: dict[int, Request] = {}
        self._repeats: dict[int, int] = {}
        self._ahead: dict[int, Any] = {}

    def read(self) -> None:
        """Read what is asked for, and do what takes long, while others can still write."""
        self._read()
        self._look_ahead()
        self._answered_before = dict(self._answers)

    def _read(self) -> None:
        places: dict[str, int] = {}
        for place, asked in enumerate(self._asked):
            try:
                request = read_request(self.actor, asked)
            except CODED_ERRORS as error:
                self._answers[place] = error
                continue
            if places.setdefault(request.key, place) == place:
                self._requests[place] = request
            else:
                self._repeats[place] = places[request.key]

    def _look_ahead(self) -> None:
        if not any(request.verb.looks_ahead for _, request in self.open()):
            return
        with self._node.db.read() as session:
            self.answer_repeats(earlier_commands(session, self.actor.subject, self.keys()))
            context = context_of(self._node, session)
            for place, request in self.open():
                try:
                    _require_allowed(context, request)
                    self._ahead[place] = request.verb.ahead(context, request.body)
                except CODED_ERRORS as error:
                    self._answers[place] = error

    @property
    def only_reads(self) -> bool:
        """Whether no verb's preparation writes anything, or rests on what must not move."""
        return all(request.verb.only_reads for _, request in self.open())

    def __len__(self) -> int:
        return len(self._asked)

    def open(self) -> list[tuple[int, Request]]:
        """Return the requests that have no answer yet, with their places."""
        return [(at, one) for at, one in self._requests.items() if at not in self._answers]

    def keys(self) -> list[str]:
        """Return the idempotency keys that have no answer yet."""
        return [request.key for _, request in self.open()]

    def answer_repeats(self, earlier: Mapping[str, Command]) -> None:
        """Answer what was asked before: ``earlier`` holds the caller's commands by key."""
        for place, request in self.open() if earlier else ():
            if request.key in earlier:
                try:
                    self._answers[place] = repeat_of(earlier[request.key], request)
                except CODED_ERRORS as error:
                    self._answers[place] = error

    def prepare(self, context: Context, writing: Writing) -> None:
        """Answer what is still open: state the acts, and add them to what is to be written."""
        for place, request in self.open():
            try:
                with writing.apart():
                    command = self._prepare(context, request, self._ahead.get(place), writing)
            except CODED_ERRORS as error:
                self._answers[place] = error
            else:
                self._answers[place] = command
                writing.audit.append(self._taken(command))
        writing.audit += self._refusals()

    def _prepare(self, context: Context, request: Request, ahead: Any, writing: Writing) -> Command:
        if request.actor.mandate is not None and request.actor.mandate.apart.get(request.name):
            writing.store_taken()  # what this caller has done includes what it asks for here
        allowed, terms = _require_allowed(context, request)
        prepared = request.verb.prepare(context, request.body, ahead)
        _require_unclaimed(context.session, prepared.claim, writing.claims)
        command = _command(context, request, prepared)
        if prepared.wire is not None:
            _take_signed(self._node, command, prepared.wire)
        if prepared.claim is not None:
            writing.claims[prepared.claim] = command
        if allowed.approvals and terms is not None:
            command.result = {**command.result, "approvals_needed": allowed.approvals}
            hold(context.session, command, request.verb.policy, allowed.approvals, terms)
        writing.taken.append((command, prepared))
        return command

    def begin_again(self) -> None:
        """Forget what an earlier transaction answered: it has not stored it."""
        self._answers = dict(self._answered_before)

    def answers(self) -> list[Answer]:
        """Return an answer for each, once all is stored."""
        for place, first in self._repeats.items():
            self._answers[place] = self._again(place, first)
        return [self._answers[place] for place in range(len(self._asked))]

    def _again(self, place: int, first: int) -> Answer:
        """Answer what repeats a key of the same call."""
        answer = self._answers[first]
        if not isinstance(answer, Command):
            return answer
        try:
            return repeat_of(answer, read_request(self.actor, self._asked[place]))
        except CODED_ERRORS as error:
            return error

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
            "subject": self.actor.subject,
            "role": _role(self.actor),
            "verb": verb if verb in VERBS else "unknown",
            "outcome": outcome,
            "object": about,
            "code": code,
            "command": command,
        }


def store_all(node: "Node", intakes: Sequence[Intake]) -> None:
    """Store what these callers ask for with one transaction; then each has its answers.

    Raises:
        IntegrityError: the same key, or the same bill, was stored at the same moment.
        StorageUnavailable, ValueRefused: nothing is stored of any.
    """

    def work(session: Session) -> None:
        for intake in intakes:
            intake.begin_again()
        _answer_repeats(session, intakes)
        context, writing = context_of(node, session), Writing(node, session)
        for intake in intakes:
            intake.prepare(context, writing)
        writing.write(context.now)

    node.db.write(work, beside=all(intake.only_reads for intake in intakes))


def _answer_repeats(session: Session, intakes: Sequence[Intake]) -> None:
    keys: dict[str, list[str]] = {}
    for intake in intakes:
        keys.setdefault(intake.actor.subject, []).extend(intake.keys())
    found = {one: earlier_commands(session, one, named) for one, named in keys.items() if named}
    for intake in intakes:
        intake.answer_repeats(found.get(intake.actor.subject, {}))


def context_of(node: "Node", session: Session) -> Context:
    """Return where commands are prepared, at this moment."""
    return Context(session, node, node.settings.member, int(time.time()))


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
    return as_read(
        Command,
        {
            **_NOTHING,
            "id": secrets.token_hex(16),
            "subject": request.actor.subject,
            "role": _role(request.actor),
            "key": request.key,
            "request": request.digest,
            "verb": request.name,
            "contract": act.type.contract,
            "object": None if prepared.object is None else to_hex(prepared.object),
            "claim": prepared.claim,
            "sequence": _sequence(prepared),
            "state": ACCEPTED,
            "act": act_to_json(act),
            "expires": expires,
            "result": dict(prepared.result),
            "created_at": context.now,
            "updated_at": context.now,
        },
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
