"""What a caller asks for, read: its key, verb and body, and whether it was asked before."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from identity.policy.decide import Actor
from node.commands.bodies import NOBODY, Body, read_body
from node.commands.verbs import VERBS, Verb
from node.errors import IdempotencyConflict, KeyInvalid, VerbUnknown
from node.store.commands import Command
from node.store.many import read_many
from node.store.rows import table_of
from privacy.canonical import canonical_json

MAX_KEY_CHARACTERS = 128


@dataclass(frozen=True)
class Asked:
    """A command as a door hands it in: ``key`` is the caller's idempotency key."""

    key: str
    verb: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A command as asked for: ``digest`` tells a repeat from another request."""

    actor: Actor
    key: str
    name: str
    verb: Verb
    body: Body
    digest: str
    object: str | None


def read_request(actor: Actor, asked: Asked) -> Request:
    """Read what is asked for.

    Raises:
        KeyInvalid: the key is not 1 to 128 visible ASCII characters.
        VerbUnknown, BodyInvalid: there is no such verb, or its body is another.
    """
    key = asked.key
    if not 1 <= len(key) <= MAX_KEY_CHARACTERS or not all("!" <= c <= "~" for c in key):
        raise KeyInvalid("The idempotency key is not one.")
    verb = VERBS.get(asked.verb)
    if verb is None:
        raise VerbUnknown("There is no such verb.", verb=asked.verb[:64])
    body = read_body(verb.body, asked.body)
    request = canonical_json({"verb": asked.verb, "body": asked.body})
    digest = hashlib.sha256(request).hexdigest()
    return Request(actor, key, asked.verb, verb, body, digest, named(asked.body))


def earlier_commands(session: Session, subject: str, keys: Iterable[str]) -> Mapping[str, Command]:
    """Return by key the commands that ``subject`` asked for under these keys."""
    found = read_many(
        session.connection(), table_of(Command), ("id",), "key", list(keys), subject=subject
    )
    ids = [one for (one,) in found]
    if not ids:  # as nearly always
        return {}
    query = select(Command).where(col(Command.id).in_(ids))
    return {command.key: command for command in session.exec(query)}


def repeat_of(earlier: Command, request: Request) -> Command:
    """Return the command that this request made before; raises IdempotencyConflict."""
    if earlier.request != request.digest:
        raise IdempotencyConflict(
            "This idempotency key was used with another request.", command=earlier.id
        )
    return earlier


def named(body: Mapping[str, Any]) -> str | None:
    """Return the object that a body names, if it looks like an id: for the audit row alone."""
    for name in ("title", "order", "right", "lane", "device"):
        value = body.get(name)
        if isinstance(value, str) and len(value) == len(NOBODY) and value.startswith("0x"):
            return value
    return None
