"""The page where a person looks after their own account: passkeys, password, sessions.

A session that a one-time code opened may add one thing to sign in with and ends with that; any
other must be fresh to change credentials, and may always end sessions.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.http.doors import credential_of, node_of
from api.web.qr import qr_of
from api.web.rendering import form_of, page
from api.web.sign_in import party_of
from api.web.words import Both
from identity.people import codes, passwords
from identity.people.errors import CodeWrong, NotAccepted, PasswordUnfit, SignInAgain
from identity.sessions.life import is_fresh
from node.audit.record import record
from node.people import credentials, sessions
from node.people.people import PARTY_NAME
from node.store.people import ENROLMENT, Account, WebSession

MAX_FIELD = 16_384
log = structlog.get_logger("people")
router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Own:
    """The caller's own account and session, in a transaction."""

    session: Session
    row: WebSession
    account: Account | None
    now: int

    @property
    def is_enrolling(self) -> bool:
        """Whether a one-time code opened the session."""
        return self.row.kind == ENROLMENT

    @property
    def may_change(self) -> bool:
        """Whether credentials may be changed now."""
        fresh = self.is_enrolling or is_fresh(self.row.started_at, self.now)
        return fresh and self.account is not None

    def require(self) -> Account:
        """Return the account, once its credentials may be changed; raises SignInAgain."""
        if not self.may_change or self.account is None:
            raise SignInAgain("This session began too long ago to change how you sign in.")
        return self.account


@router.get("/security")
def show_security(request: Request) -> Response:
    """What the account signs in with, and where it is signed in."""
    with node_of(request).db.read() as session:
        return security_page(request, _own(request, session))


@router.post("/security/passkeys")
async def add_passkey(request: Request) -> Response:
    """Keep the passkey that the browser has made."""
    form, node, party = await form_of(request), node_of(request), party_of(request)
    if party is None:
        raise NotAccepted("NO_RELYING_PARTY")

    def work(own: Own) -> None:
        answer, label = form.get("answer", ""), form.get("label", "")
        account = own.require()
        credentials.add_passkey(own.session, node.people, party, account, answer, label, own.now)

    return await _changed(request, work, completes=True)


@router.post("/security/passkeys/remove")
async def remove_passkey(request: Request) -> Response:
    """Take a passkey away."""
    key = (await form_of(request)).get("id", "")[:MAX_FIELD]
    return await _changed(
        request, lambda own: credentials.remove_passkey(own.session, own.require(), key)
    )


@router.post("/security/password")
async def set_password(request: Request) -> Response:
    """Set a password together with its second factor; other sessions end."""
    form, node = await form_of(request), node_of(request)
    password, sealed = form.get("password", ""), _bytes(form.get("sealed", ""))
    code = "".join(form.get("code", "").split())

    def before() -> None:
        with node.db.read() as session:
            own = _own(request, session)
            account = own.require()
            credentials.shown_second_factor(node.people, account, sealed, own.now)
            names = (account.name, account.shown, node.profile.name_en, PARTY_NAME)
            passwords.require_fit(password, *names)

    try:
        await run_in_threadpool(before)
        hashed = await node.people.passwords.hashed(password)

        def work(own: Own) -> None:
            credentials.set_password(
                own.session, node.people, own.require(), hashed, (sealed, code), own.row.id,
                own.now,
            )  # fmt: skip

        return await _changed(request, work, completes=True)
    except (PasswordUnfit, CodeWrong) as error:
        return await run_in_threadpool(_again, request, sealed, error)


@router.post("/security/password/remove")
async def remove_password(request: Request) -> Response:
    """Take the password and its second factor away."""
    return await _changed(
        request, lambda own: credentials.remove_password(own.session, own.require())
    )


@router.post("/security/sessions/end")
async def end_session(request: Request) -> Response:
    """End one of one's own sessions."""
    key = (await form_of(request)).get("id", "")

    def work(own: Own) -> None:
        subject = own.row.subject
        sessions.end(own.session, key, subject, own.now, subject=subject)

    return await _changed(request, work)


@router.post("/security/sessions/end-others")
async def end_other_sessions(request: Request) -> Response:
    """End all of one's own sessions but this one."""

    def work(own: Own) -> None:
        subject = own.row.subject
        sessions.end_all(own.session, subject, subject, own.now, but=own.row.id)

    return await _changed(request, work)


def security_page(
    request: Request,
    own: Own,
    status: int = HTTPStatus.OK,
    sealed: bytes | None = None,
    error: Any = None,
) -> Response:
    """Return the security page.

    Args:
        sealed: the second factor that was shown before, to be shown again.
        error: why the password was not set.
    """
    node = node_of(request)
    values: dict[str, Any] = {"options": None, "factor": None, "passkeys": [], "password": False}
    account, party = own.account, party_of(request)
    if account is not None:
        values["passkeys"] = credentials.list_passkeys(own.session, account)
        values["password"] = credentials.has_password(own.session, account)
    if account is not None and own.may_change:
        if party is not None:
            values["options"] = credentials.creation_options(
                own.session, node.people, party, account, own.now
            )
        values["factor"] = _factor(request, account, sealed, own.now)
    return page(
        "security.html",
        request,
        status,
        own=own,
        sessions=[] if own.is_enrolling else _listed(own),
        error=error,
        member=Both(node.profile.name_en, node.profile.name_zh),
        subject=own.row.subject,
        **values,
    )


def _factor(request: Request, account: Account, sealed: bytes | None, now: int) -> dict[str, Any]:
    people = node_of(request).people
    if sealed is None:
        secret, sealed = credentials.pending_second_factor(people, account, now)
    else:
        secret = credentials.shown_second_factor(people, account, sealed, now)
    size, path = qr_of(codes.address_of(secret, account.name, PARTY_NAME))
    spelled = codes.spelled(secret)
    return {"spelled": spelled, "sealed": sealed.hex(), "size": size, "path": path}


def _listed(own: Own) -> list[WebSession]:
    return list(sessions.open_sessions(own.session, own.row.subject, own.now))


def _own(request: Request, session: Session) -> Own:
    row = session.get_one(WebSession, credential_of(request).session)
    account = session.get(Account, row.account) if row.account else None
    return Own(session, row, account, int(time.time()))


async def _changed(
    request: Request, work: Callable[[Own], None], *, completes: bool = False
) -> Response:
    """Do a change in its transaction and show the page again.

    Args:
        completes: the account can be signed in to now; an enrolment's session ends.
    """

    def change(session: Session) -> bool:
        own = _own(request, session)
        work(own)
        ended = completes and own.is_enrolling
        if ended:
            sessions.end(session, own.row.id, own.row.subject, own.now)
        return ended

    try:
        ended = await run_in_threadpool(node_of(request).db.write, change)
    except NotAccepted as error:
        await run_in_threadpool(_note_refusal, request, error.reason)
        raise
    where = "/sign-in" if ended else "/security"
    return RedirectResponse(where, status_code=HTTPStatus.SEE_OTHER)


def _note_refusal(request: Request, reason: str) -> None:
    subject = credential_of(request).subject
    log.warning("a change of credentials was refused", reason=reason, subject=subject)
    with node_of(request).db.begin() as session:
        record(session, "ChangeCredentials", "refused", subject=subject, role="self", code=reason)


def _again(request: Request, sealed: bytes, error: Any) -> Response:
    with node_of(request).db.read() as session:
        own = _own(request, session)
        return security_page(request, own, HTTPStatus.UNPROCESSABLE_ENTITY, sealed, error)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
