"""What the routes find in a request: the member's node, the caller, and a moment to read at."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request
from sqlmodel import Session

from api.http.errors import BodyInvalid
from api.http.tokens import Credential, Tokens
from identity.policy.decide import Actor
from node.chain.follower import as_of

if TYPE_CHECKING:
    from api.http.callers import Callers
    from node.node import Node


@dataclass(frozen=True)
class Site:
    """One member's doors: its node, who has a token, and who is calling."""

    node: "Node"
    tokens: Tokens
    callers: "Callers"


def site_of(request: Request) -> Site:
    """The member's doors that this request came through."""
    site: Site = request.app.state.site
    return site


def node_of(request: Request) -> "Node":
    """The member's node."""
    return site_of(request).node


def credential_of(request: Request) -> Credential:
    """Whose token or session this request came with."""
    credential: Credential = request.state.credential
    return credential


def actor_of(request: Request) -> Actor:
    """The caller, as the policy judges it. Raises: AuthorityFileUnavailable."""
    credential = credential_of(request)
    node = node_of(request)
    roles = frozenset(credential.roles)
    given = Actor(node.settings.member, credential.subject, roles, scopes=credential.scopes)
    return node.handler.standing(given)


def allow(request: Request, verb: str) -> Actor:
    """Return the caller, once the policy lets it do ``verb``; raises NotAllowed."""
    actor = actor_of(request)
    node_of(request).handler.require(actor, verb)
    return actor


def require_no_body(request: Request) -> None:
    """Refuse a request whose body says anything; raises BodyInvalid."""
    if request.state.json != {}:
        raise BodyInvalid("The body is not an empty object.", fields=[])


class Reader:
    """One read by one caller, at one moment of the tables."""

    def __init__(self, node: "Node", actor: Actor, session: Session) -> None:
        self.node = node
        self.actor = actor
        self.session = session
        self.now = int(time.time())

    @property
    def member(self) -> str:
        """This member's id."""
        return self.node.settings.member

    def as_of(self) -> dict[str, Any]:
        """Up to which final block the answer speaks, and how old that knowledge is, in seconds.

        Nulls before the first block was read.
        """
        known = as_of(self.session, self.now)
        if known is None:
            return {"height": None, "block_hash": None, "behind_seconds": None}
        return {
            "height": known.height,
            "block_hash": known.block_hash,
            "behind_seconds": known.behind_seconds,
        }


@contextmanager
def reading(request: Request, verb: str) -> Iterator[Reader]:
    """Give a reader, once the policy lets this caller do ``verb``.

    Raises: NotAllowed, StorageUnavailable.
    """
    node = node_of(request)
    actor = allow(request, verb)
    with node.db.read() as session:
        yield Reader(node, actor, session)
