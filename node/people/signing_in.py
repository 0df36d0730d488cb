"""Sign-ins, each in one transaction: the proof is used up, the session begun or the failure
counted, and the audit row written, all or nothing.

What is told about a failure is always the same; ``Outcome.reason`` is for the log. Comparing a
password takes long and is done before, outside the transaction.
"""

import hmac
from typing import TYPE_CHECKING

from sqlmodel import Session, select

from identity.people import codes, passkeys
from identity.people.errors import NotAccepted
from identity.people.passkeys import RelyingParty
from identity.sessions.life import digest_of
from node.audit.record import record
from node.people import once, sessions
from node.people.accounts import as_passkey
from node.people.attempts import Guarded, forget, note_failure, wait_before
from node.people.visits import Outcome, Visit
from node.store.people import ENROLMENT, Account, PasskeyRow, PasswordRow

if TYPE_CHECKING:
    from node.people.people import People

NOBODY = "nobody"
SIGN_IN = "SignIn"
ATTEMPTS = "ATTEMPTS"
CHALLENGE = "passkey sign-in"
CHALLENGE_SECONDS = 600


def challenge(people: "People", now: int) -> bytes:
    """Return a challenge for one sign-in by passkey, good for ``CHALLENGE_SECONDS``."""
    return people.box.seal(CHALLENGE, until=now + CHALLENGE_SECONDS)


def by_passkey(
    session: Session, people: "People", party: RelyingParty, answer: str, visit: Visit
) -> Outcome:
    """Sign in with the assertion of a passkey."""
    attempt = Guarded(visit.address)
    if wait := wait_before(session, attempt, visit.now):
        return Outcome(reason=ATTEMPTS, wait_seconds=wait)
    account = None
    try:
        given = passkeys.challenge_of(answer)
        people.box.open(CHALLENGE, given, visit.now)
        if not once.use(session, CHALLENGE, given, visit.now + CHALLENGE_SECONDS, visit.now):
            raise NotAccepted("CHALLENGE_USED")
        credential, handle = passkeys.credential_of(answer)
        row = session.get(PasskeyRow, credential)
        if row is None:
            raise NotAccepted("PASSKEY_UNKNOWN")
        account = session.get_one(Account, row.account)
        if not hmac.compare_digest(account.handle, handle):
            raise NotAccepted("PASSKEY_OTHER_ACCOUNT")
        row.sign_count = passkeys.verify_assertion(party, given, answer, as_passkey(row))
        _require_enabled(account)
    except NotAccepted as error:
        return _refused(session, attempt, account, error.reason, visit)
    row.used_at = visit.now
    session.add(row)
    return _accepted(session, account, "passkey", visit)


def wait_for_name(session: Session, name: str, visit: Visit) -> int:
    """Return how many seconds a sign-in under a typed name must wait; 0 for not at all."""
    return wait_before(session, Guarded(visit.address, name), visit.now)


def stored_password(session: Session, name: str) -> str | None:
    """Return what a typed password is to be compared with; None where there is nothing."""
    row = session.get(PasswordRow, name)
    return row.hash if row else None


def by_password(
    session: Session, people: "People", name: str, compared: tuple[str | None, bool], code: str,
    visit: Visit,
) -> Outcome:  # fmt: skip
    """Sign in with a password that was compared, and the code of the second factor.

    Args:
        compared: what it was compared with, and whether it matched.
    """
    attempt = Guarded(visit.address, name)
    if wait := wait_before(session, attempt, visit.now):
        return Outcome(reason=ATTEMPTS, wait_seconds=wait)
    account = session.get(Account, name)
    try:
        if account is None:
            raise NotAccepted("ACCOUNT_UNKNOWN")
        row = session.get(PasswordRow, name, with_for_update=True)
        if row is None or row.hash != compared[0]:
            raise NotAccepted("PASSWORD_NONE")
        if not compared[1]:
            raise NotAccepted("PASSWORD_WRONG")
        secret = people.open_second_factor(name, row.second_factor)
        step = codes.accepted_step(secret, code, visit.now, row.step)
        if step is None:
            raise NotAccepted("SECOND_FACTOR_WRONG")
        _require_enabled(account)
    except NotAccepted as error:
        return _refused(session, attempt, account, error.reason, visit)
    row.step = step
    session.add(row)
    return _accepted(session, account, "password", visit)


def by_company(session: Session, subject: str, visit: Visit) -> Outcome:
    """Sign in whom the company's provider has named by ``subject``."""
    query = select(Account).where(Account.company_subject == subject)
    account = session.exec(query).first()
    try:
        if account is None:
            raise NotAccepted("COMPANY_SUBJECT_UNKNOWN")
        _require_enabled(account)
    except NotAccepted as error:
        return _refused(session, Guarded(visit.address), account, error.reason, visit)
    return _accepted(session, account, "company", visit)


def by_code(session: Session, code: str, visit: Visit) -> Outcome:
    """Open an account with its one-time code; the session opens the security pages alone."""
    attempt = Guarded(visit.address)
    if wait := wait_before(session, attempt, visit.now):
        return Outcome(reason=ATTEMPTS, wait_seconds=wait)
    query = select(Account).where(Account.enrolment == digest_of(code.strip().upper()))
    account = session.exec(query.with_for_update()).first()
    try:
        if account is None:
            raise NotAccepted("ENROLMENT_UNKNOWN")
        if visit.now >= (account.enrolment_until or 0):
            raise NotAccepted("ENROLMENT_EXPIRED")
        _require_enabled(account)
    except NotAccepted as error:
        return _refused(session, attempt, account, error.reason, visit)
    account.enrolment = account.enrolment_until = None
    session.add(account)
    return _accepted(session, account, "code", visit, ENROLMENT)


def by_token(session: Session, subject: str, roles: str, sha256: str, visit: Visit) -> Outcome:
    """Sign in who has shown a bearer token of this member."""
    secret = sessions.begin(session, visit, "token", token=(subject, sha256))
    record(session, SIGN_IN, "final", subject=subject, role=roles)
    return Outcome(secret)


def refuse(session: Session, reason: str, visit: Visit) -> Outcome:
    """Count and record a sign-in that failed before anything could be looked up."""
    return _refused(session, Guarded(visit.address), None, reason, visit)


def _require_enabled(account: Account) -> None:
    if not account.enabled:
        raise NotAccepted("ACCOUNT_DISABLED")


def _accepted(
    session: Session, account: Account, method: str, visit: Visit, kind: str = "full"
) -> Outcome:
    secret = sessions.begin(session, visit, method, account=account, kind=kind)
    forget(session, account.name, visit.address)
    record(session, SIGN_IN, "final", subject=account.name, role=method)
    return Outcome(secret)


def _refused(
    session: Session, attempt: Guarded, account: Account | None, reason: str, visit: Visit
) -> Outcome:
    wait = note_failure(session, attempt, visit.now)
    named = account.name if account else None
    record(session, SIGN_IN, "refused", subject=NOBODY, role=NOBODY, object_id=named, code=reason)
    return Outcome(reason=reason, wait_seconds=wait)
