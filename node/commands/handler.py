"""Takes a command: facts, policy, preparation, and one transaction that stores all of it.

Command, audit row and outbox rows are stored together or not at all. The same key with the same
request gives the same command; with another request it is refused. What is refused here leaves an
audit row of its own and nothing else.
"""

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from identity.acts.typed import Act, Value, act_from_json, act_to_json, digest
from identity.acts.types import ActType
from identity.policy.decide import Actor, Facts, decide
from node.audit.record import record
from node.commands.bodies import NOBODY, read_body, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.signing import NUMBER, SIGN
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
        """Take a command in a transaction of its own; this is what a door calls.

        Args:
            key: the caller's idempotency key, 1 to 128 visible ASCII characters.
            verb: an act's name.
            body: JSON as the verb's format in node/commands/verbs.py says.

        Raises:
            Invalid, Refused: nothing is stored but an audit row.
            Unavailable: nothing is stored.
        """
        try:
            with self._node.db.begin() as session:
                return self.handle(session, actor, key, verb, body)
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

    def handle(
        self, session: Session, actor: Actor, key: str, verb: str, body: dict[str, Any]
    ) -> Command:
        """Take a command in the caller's transaction. See ``submit``."""
        if not 1 <= len(key) <= MAX_KEY_CHARACTERS or not all("!" <= c <= "~" for c in key):
            raise KeyInvalid("The idempotency key is not one.")
        request = _request_digest(verb, body)
        earlier = _earlier(session, actor, key)
        if earlier is not None:
            if earlier.request != request:
                raise IdempotencyConflict(
                    "This idempotency key was used with another request.", command=earlier.id
                )
            return earlier
        known = VERBS.get(verb)
        if known is None:
            raise VerbUnknown("There is no such verb.", verb=verb[:64])
        context = Context(session, self._node, self._node.settings.member, int(time.time()))
        read = read_body(known.body, body)
        _require_allowed(actor, known, known.facts(context, read), _named(body))
        prepared = known.prepare(context, read)
        _require_unclaimed(session, prepared.claim)
        command = _command(context, actor, key, request, verb, prepared)
        if prepared.wire is not None:
            _take_signed(self._node, command, prepared.wire)
        session.add(command)
        session.flush()
        _enqueue(session, command, prepared)
        self._record(session, actor, verb, command.state, command.object, None, command.id)
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


def _require_allowed(actor: Actor, verb: Verb, facts: Facts, object_id: str | None) -> None:
    decision = decide(actor, verb.policy, facts)
    if not decision.allowed:
        raise NotAllowed(decision.code, decision.message, verb=verb.policy, object=object_id)


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


def _command(
    context: Context, actor: Actor, key: str, request: str, verb: str, prepared: Prepared
) -> Command:
    expires = context.now + PATIENCE_SECONDS
    act = _draft(context.member, verb, prepared, expires)
    return Command(
        id=secrets.token_hex(16),
        subject=actor.subject,
        role=",".join(sorted(actor.roles)),
        key=key,
        request=request,
        verb=verb,
        contract=ActType.by_name(verb).contract,
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
        deliveries = list(prepared.deliveries)
        enqueue(session, SIGN, {"command": command.id, "deliveries": deliveries})


def _earlier(session: Session, actor: Actor, key: str) -> Command | None:
    query = select(Command).where(Command.subject == actor.subject, Command.key == key)
    return session.exec(query.order_by(col(Command.number))).first()


def _request_digest(verb: str, body: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json({"verb": verb, "body": body})).hexdigest()


def _named(body: dict[str, Any]) -> str | None:
    """Return the object that a body names, if it looks like an id: for the audit row alone."""
    for name in ("title", "order", "lane"):
        value = body.get(name)
        if isinstance(value, str) and len(value) == len(NOBODY) and value.startswith("0x"):
            return value
    return None
