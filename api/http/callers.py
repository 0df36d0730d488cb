"""Whose request it is: the one place where a token, a session or an access token becomes a caller.

Each is looked up at each request, in the file or tables that all processes share, so whatever is
taken away is refused by all of them at once. What the caller may do is the policy's business.
"""

import time
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.errors import CredentialMissing, CredentialUnknown, DoorError
from api.http.origins import cookie_name
from api.http.tokens import MAX_TOKEN_CHARACTERS, Credential, Tokens, bearer_of
from identity.sessions.life import digest_of
from node.people import clients, sessions
from node.settings import Settings
from node.store.people import ENROLMENT, Account, WebSession

if TYPE_CHECKING:
    from node.node import Node

UNKNOWN = "This is not a token of this member."
ENROLMENT_PAGES = "/security"
"""What a session that an enrolment code opened may see."""


class Callers:
    """The callers of one member's doors; safe to use from several threads."""

    def __init__(self, node: "Node", tokens: Tokens) -> None:
        self._node = node
        self._tokens = tokens

    async def of_header(self, authorization: str | None) -> Credential:
        """Return whose ``Authorization: Bearer`` header this is.

        Raises: CredentialMissing, CredentialUnknown, TokensUnavailable, StorageUnavailable.
        """
        token = bearer_of(authorization)
        if not token.startswith(clients.PREFIX):
            return self._tokens.of_token(token)
        if not token.isascii() or len(token) > MAX_TOKEN_CHARACTERS:
            raise CredentialUnknown(UNKNOWN)
        return await run_in_threadpool(self._of_access_token, digest_of(token))

    async def of_cookie(self, request: Request) -> Credential:
        """Return whose session a page's request belongs to.

        Raises: CredentialMissing, CredentialUnknown, TokensUnavailable, StorageUnavailable.
        """
        secret = secret_of(request, self._node.settings)
        if secret is None:
            raise CredentialMissing("Nobody is signed in.")
        return await run_in_threadpool(self._of_session, secret)

    def still(self, credential: Credential) -> bool:
        """Say whether a token that was let in would be let in now, as the same."""
        try:
            if credential.is_access_token:
                return self._of_access_token(credential.sha256) == credential
            return self._tokens.of_digest(credential.sha256).roles == credential.roles
        except DoorError:
            return False

    def _of_access_token(self, sha256: str) -> Credential:
        with self._node.db.read() as session:
            found = clients.find(session, sha256, int(time.time()))
        if found is None:
            raise CredentialUnknown(UNKNOWN)
        client, token = found
        scopes = None if token.scopes is None else frozenset(token.scopes)
        return Credential(
            client.name, tuple(client.roles), sha256, scopes=scopes, is_access_token=True
        )

    def _of_session(self, secret: str) -> Credential:
        now = int(time.time())
        with self._node.db.read() as session:
            row = sessions.find(session, secret, now)
            account = None
            if row is not None and row.account is not None:
                account = session.get(Account, row.account)
        if row is None or (row.account is not None and (account is None or not account.enabled)):
            raise CredentialMissing("Nobody is signed in.")
        sessions.seen(self._node.db, row, now)
        return self._caller(row, account)

    def _caller(self, row: WebSession, account: Account | None) -> Credential:
        if account is None:
            if row.token is None:
                raise CredentialUnknown("This session belongs to nobody.")
            token = self._tokens.of_digest(row.token)
            return Credential(token.subject, token.roles, row.sha256, session=row.id)
        only_under = ENROLMENT_PAGES if row.kind == ENROLMENT else None
        roles = () if only_under else tuple(account.roles)
        return Credential(account.name, roles, row.sha256, session=row.id, only_under=only_under)


def secret_of(request: Request, settings: Settings) -> str | None:
    """Return the session's secret that a request's cookie carries, None without one."""
    found = request.cookies.get(cookie_name(request, settings))
    return found if found and len(found) <= 100 and found.isascii() else None
