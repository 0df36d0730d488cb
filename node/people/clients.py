"""Machines of this member: registered with a public key, and given access tokens for minutes.

An access token is 32 random bytes of which the table has the SHA-256; it is looked up at each use,
with its client, so that a client which is removed has none. The caller owns the transaction.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlmodel import Session, col, delete, select

from identity.people import machines
from identity.people.errors import ClientUnknown, NotAccepted, ScopeInvalid
from identity.policy.decide import ROLES, RULES
from identity.sessions.life import digest_of
from node.audit.record import record
from node.people import once
from node.people.accounts import OPERATOR, require_name, require_roles
from node.store.people import AccessToken, OAuthClient

PREFIX = "lat_"
TOKEN_SECONDS = 300
SIGN_IN = "SignIn"


def add(
    session: Session, name: str, key: dict[str, Any], roles: Iterable[str], now: int
) -> OAuthClient:
    """Register a client by its public key; raises NameInvalid, AccountExists, RoleUnknown."""
    require_name(session, name)
    row = OAuthClient(name=name, key=key, roles=require_roles(roles), created_at=now)
    session.add(row)
    record(session, "AddClient", "final", subject=OPERATOR, role=OPERATOR, object_id=name)
    return row


def remove(session: Session, name: str) -> None:
    """Take a client away, with the tokens it was given; raises ClientUnknown."""
    row = session.get(OAuthClient, name)
    if row is None:
        raise ClientUnknown("There is no client of this name.", name=name)
    session.exec(delete(AccessToken).where(col(AccessToken.client) == name))
    session.delete(row)
    record(session, "RemoveClient", "final", subject=OPERATOR, role=OPERATOR, object_id=name)


def list_of(session: Session) -> Sequence[OAuthClient]:
    """Return the clients by name."""
    return session.exec(select(OAuthClient).order_by(col(OAuthClient.name))).all()


def authenticate(
    session: Session, assertion: str, audiences: Collection[str], now: int
) -> OAuthClient:
    """Return the client whose assertion this is, and use it up; raises NotAccepted."""
    row = session.get(OAuthClient, machines.client_of(assertion))
    if row is None:
        raise NotAccepted("CLIENT_UNKNOWN")
    given = machines.verify_assertion(assertion, row.name, row.key, audiences, now)
    used = f"{row.name}\0{given.id}".encode()
    until = given.until + machines.LONGEST_SECONDS
    if not once.use(session, "client assertion", used, until, now):
        raise NotAccepted("ASSERTION_USED")
    return row


def scopes_of(asked: str, roles: Collection[str]) -> frozenset[str] | None:
    """Return the verbs that the words of a scope narrow these roles to; None: to nothing less.

    Raises: ScopeInvalid: a word is neither a verb that one of the roles may use nor one of them.
    """
    words = asked.split()
    if not words:
        return None
    mine = {verb for verb, rule in RULES.items() if rule.roles & set(roles)}
    granted: set[str] = set()
    for word in words:
        if word in ROLES and word in roles:
            granted |= {verb for verb, rule in RULES.items() if word in rule.roles}
        elif word in mine:
            granted.add(word)
        else:
            raise ScopeInvalid("The scope names what this client may not do.")
    return frozenset(granted)


def issue(session: Session, client: OAuthClient, scopes: frozenset[str] | None, now: int) -> str:
    """Return a new access token of a client, good for ``TOKEN_SECONDS``."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.exec(delete(AccessToken).where(col(AccessToken.until) <= now))
    session.add(
        AccessToken(
            sha256=digest_of(token),
            client=client.name,
            scopes=None if scopes is None else sorted(scopes),
            until=now + TOKEN_SECONDS,
        )
    )
    record(session, SIGN_IN, "final", subject=client.name, role="client")
    return token


def find(session: Session, sha256: str, now: int) -> tuple[OAuthClient, AccessToken] | None:
    """Return whose access token has this SHA-256, while it is good."""
    token = session.get(AccessToken, sha256)
    if token is None or now >= token.until:
        return None
    client = session.get(OAuthClient, token.client)
    return None if client is None else (client, token)
