"""Takes a command: facts, policy, preparation, and one transaction that stores all of it.

Command, audit row and outbox rows are stored together or not at all. The same key with the same
request gives the same command; with another request it is refused. What is refused here leaves an
audit row of its own and nothing else.
"""

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from identity.acts.typed import Act, Value, act_from_json, act_to_json, digest
from identity.acts.types import ActType
from identity.policy.decide import Actor, Facts, decide
from node.audit.record import record
from node.commands.bodies import NOBODY, Body, read_body, to_bytes, to_hex
from node.commands.numbering import NUMBER
from node.commands.preparing import Context, Prepared
from node.commands.signing import SIGN, work
from node.commands.states import CODED_ERRORS
from node.commands.verbs import VERBS, Verb
from node.errors import (
    BillAlreadyIssued,
    IdempotencyConflict,
    KeyInvalid,
    NotAllowed,
    Unavailable,
    VerbUnknown,
)
from node.jobs import enqueue
from node.store.commands import ACCEPTED, REFUSED, SIGNED, Command
from privacy.canonical import canonical_json

if TYPE_CHECKING:
    from node.node import Node

# How long a command may wait for its signature: for deliveries, or for the signer.
PATIENCE_SECONDS = 24 * 3600
MAX_KEY_CHARACTERS = 128


class CommandHandler:
    """Takes commands of one member's people and services."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def submit(self, actor: Actor, key: str, verb: str, body: dict[str, Any]) -> Command:
        """Take a command; this is what a door calls, outside any transaction.

        Args:
            key: the caller's idempotency key, 1 to 128 visible ASCII characters.
            verb: an act's name.
            body: JSON as the verb's format in node/commands/verbs.py says.

        Raises:
            Invalid, Refused: nothing is stored but an audit row.
            Unavailable: nothing is stored.
        """
        try:
            try:
                return self._take(actor, key, verb, body)
            except IntegrityError:
                # The same key, or the same bill, at the same moment: now the other one is there.
                return self._take(actor, key, verb, body)
        except CODED_ERRORS as error:
            if not isinstance(error, Unavailable):
                with self._node.db.begin() as session:
                    self._record(session, actor, verb, REFUSED, _named(body), error.code, None)
            raise

    def require(self, actor: Actor, verb: str) -> None:
        """Raise NotAllowed unless the policy lets ``actor`` do ``verb``, a read of its table."""
        decision = decide(actor, verb, Facts(node=self._node.settings.member))
        if not decision.allowed:
            raise NotAllowed(decision.code, decision.message, verb=verb)

    def _take(self, actor: Actor, key: str, verb: str, body: dict[str, Any]) -> Command:
        request = _read_request(actor, key, verb, body)
        # What takes long is done while others can still write.
        with self._node.db.read() as session:
            earlier = _earlier(session, request)
            if earlier is not None:
                return earlier
            context = self._context(session)
            _require_allowed(context, request)
            ahead = request.verb.ahead(context, request.body)
        with self._node.db.begin() as session:
            earlier = _earlier(session, request)
            if earlier is not None:
                return earlier
            context = self._context(session)
            _require_allowed(context, request)
            prepared = request.verb.prepare(context, request.body, ahead)
            return self._store(context, request, prepared)

    def _context(self, session: Session) -> Context:
        return Context(session, self._node, self._node.settings.member, int(time.time()))

    def _store(self, context: Context, request: "_Request", prepared: Prepared) -> Command:
        """Add command, outbox rows and audit row to the transaction."""
        _require_unclaimed(context.session, prepared.claim)
        command = _command(context, request, prepared)
        if prepared.wire is not None:
            _take_signed(self._node, command, prepared.wire)
        context.session.add(command)
        context.session.flush()
        _enqueue(context.session, command, prepared)
        self._record(
            context.session, request.actor, command.verb, command.state, command.object, None,
            command.id,
        )  # fmt: skip
        return command

    def _record(
        self, session: Session, actor: Actor, verb: str, outcome: str,
        object_id: str | None, code: str | None, command: str | None,
    ) -> None:  # fmt: skip
        record(
            session, verb if verb in VERBS else "unknown", outcome,
            subject=actor.subject, role=",".join(sorted(actor.roles)),
            object_id=object_id, code=code, command=command,
        )  # fmt: skip


@dataclass(frozen=True)
class _Request:
    """A command as asked for: ``digest`` tells a repeat from another request."""

    actor: Actor
    key: str
    name: str
    verb: Verb
    body: Body
    digest: str
    object: str | None


def _read_request(actor: Actor, key: str, name: str, body: dict[str, Any]) -> _Request:
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS or not all("!" <= c <= "~" for c in key):
        raise KeyInvalid("The idempotency key is not one.")
    verb = VERBS.get(name)
    if verb is None:
        raise VerbUnknown("There is no such verb.", verb=name[:64])
    read = read_body(verb.body, body)
    digest = hashlib.sha256(canonical_json({"verb": name, "body": body})).hexdigest()
    return _Request(actor, key, name, verb, read, digest, _named(body))


def _require_allowed(context: Context, request: _Request) -> None:
    facts = request.verb.facts(context, request.body)
    decision = decide(request.actor, request.verb.policy, facts)
    if not decision.allowed:
        raise NotAllowed(
            decision.code, decision.message, verb=request.verb.policy, object=request.object
        )


def _require_unclaimed(session: Session, claim: str | None) -> None:
    if claim is None:
        return
    other = session.exec(select(Command).where(Command.claim == claim)).first()
    if other is not None:
        raise BillAlreadyIssued(
            "A title for this bill number is issued already, or is being issued.",
            command=other.id,
            title=other.object,
        )


def _command(context: Context, request: _Request, prepared: Prepared) -> Command:
    expires = context.now + PATIENCE_SECONDS
    act = _draft(context.member, request.name, prepared, expires)
    return Command(
        id=secrets.token_hex(16),
        subject=request.actor.subject,
        role=",".join(sorted(request.actor.roles)),
        key=request.key,
        request=request.digest,
        verb=request.name,
        contract=ActType.by_name(request.name).contract,
        object=None if prepared.object is None else to_hex(prepared.object),
        claim=prepared.claim,
        state=ACCEPTED,
        act=act_to_json(act),
        expires=expires,
        result=dict(prepared.result),
        created_at=context.now,
        updated_at=context.now,
    )


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


def _enqueue(session: Session, command: Command, prepared: Prepared) -> None:
    if command.state == SIGNED:
        return
    if prepared.object is None:
        enqueue(session, NUMBER, {"command": command.id})
    else:
        enqueue(session, SIGN, work([command.id], prepared.deliveries, prepared.attached))


def _earlier(session: Session, request: _Request) -> Command | None:
    """Return the command that this request made before; raises IdempotencyConflict."""
    query = select(Command).where(
        Command.subject == request.actor.subject, Command.key == request.key
    )
    earlier = session.exec(query).first()
    if earlier is not None and earlier.request != request.digest:
        raise IdempotencyConflict(
            "This idempotency key was used with another request.", command=earlier.id
        )
    return earlier


def _named(body: dict[str, Any]) -> str | None:
    """Return the object that a body names, if it looks like an id: for the audit row alone."""
    for name in ("title", "order", "right", "lane", "device"):
        value = body.get(name)
        if isinstance(value, str) and len(value) == len(NOBODY) and value.startswith("0x"):
            return value
    return None
