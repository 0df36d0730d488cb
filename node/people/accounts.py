"""Accounts of people, as whoever runs the node keeps them: made, reset, disabled, listed.

An account is opened by a one-time code that is shown once; whoever has it enrols the first passkey
or password. The caller owns the transaction; each change leaves its audit row in it.
"""

import base64
import os
import re
from collections.abc import Iterable, Sequence

from sqlmodel import Session, col, delete, select

from identity.people.errors import AccountExists, AccountUnknown, NameInvalid, RoleUnknown
from identity.people.passkeys import HANDLE_BYTES, Passkey, bytes_of
from identity.policy.decide import ROLES
from identity.sessions.life import digest_of
from node.audit.record import record
from node.people import attempts
from node.people.sessions import end_all
from node.store.people import Account, OAuthClient, PasskeyRow, PasswordRow

CODE_BYTES = 20
CODE_SECONDS = 86_400
OPERATOR = "operator"
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


def require_name(session: Session, name: str) -> None:
    """Refuse a name that is none, or that an account or a client has.

    Raises: NameInvalid, AccountExists.
    """
    if not NAME.fullmatch(name):
        raise NameInvalid("This cannot be the name of an account or a client.")
    if session.get(Account, name) is not None or session.get(OAuthClient, name) is not None:
        raise AccountExists("There is an account or a client of this name.", name=name)


def require_roles(roles: Iterable[str]) -> list[str]:
    """Return the roles, each once and in order; raises RoleUnknown."""
    given = sorted(set(roles))
    unknown = [role for role in given if role not in ROLES]
    if unknown:
        raise RoleUnknown(f"There is no role {unknown[0]}.", role=unknown[0])
    return given


def add(
    session: Session,
    name: str,
    shown: str,
    roles: Iterable[str],
    now: int,
    company_subject: str | None = None,
) -> str:
    """Make an account; return the code that opens it, for a day.

    Raises: NameInvalid, AccountExists, RoleUnknown.
    """
    require_name(session, name)
    taken = select(Account).where(Account.company_subject == company_subject)
    if company_subject is not None and session.exec(taken).first() is not None:
        raise AccountExists("Another account has this subject at the company's provider.")
    code = new_code()
    session.add(
        Account(
            name=name,
            shown=shown or name,
            roles=require_roles(roles),
            handle=os.urandom(HANDLE_BYTES),
            company_subject=company_subject,
            enrolment=digest_of(code),
            enrolment_until=now + CODE_SECONDS,
            created_at=now,
        )
    )
    _record(session, "AddAccount", name)
    return code


def reset(session: Session, name: str, now: int) -> str:
    """Take an account's passkeys, password and sessions away; return a new code that opens it.

    Raises: AccountUnknown.
    """
    account = find(session, name)
    session.exec(delete(PasskeyRow).where(col(PasskeyRow.account) == name))
    session.exec(delete(PasswordRow).where(col(PasswordRow.account) == name))
    end_all(session, name, OPERATOR, now)
    attempts.forget(session, name)
    code = new_code()
    account.enrolment, account.enrolment_until = digest_of(code), now + CODE_SECONDS
    session.add(account)
    _record(session, "ResetAccount", name)
    return code


def set_enabled(session: Session, name: str, enabled: bool, now: int) -> None:
    """Let an account sign in, or end all it has and keep it out; raises AccountUnknown."""
    account = find(session, name)
    account.enabled = enabled
    if not enabled:
        account.enrolment = account.enrolment_until = None
        end_all(session, name, OPERATOR, now)
    session.add(account)
    _record(session, "EnableAccount" if enabled else "DisableAccount", name)


def unlock(session: Session, name: str) -> None:
    """Forget the failed attempts that hold an account up; raises AccountUnknown."""
    find(session, name)
    attempts.forget(session, name)
    _record(session, "UnlockAccount", name)


def find(session: Session, name: str) -> Account:
    """Return the account of this name; raises AccountUnknown."""
    account = session.get(Account, name)
    if account is None:
        raise AccountUnknown("There is no account of this name.", name=name)
    return account


def exist(session: Session) -> bool:
    """Say whether this member has any account."""
    return session.exec(select(Account.name).limit(1)).first() is not None


def list_of(session: Session) -> Sequence[Account]:
    """Return the accounts by name."""
    return session.exec(select(Account).order_by(col(Account.name))).all()


def passkeys_of(session: Session, subject: str) -> list[Passkey]:
    """Return the passkeys of a subject: credential id, COSE public key, count of uses."""
    rows = session.exec(
        select(PasskeyRow).where(PasskeyRow.account == subject).order_by(col(PasskeyRow.created_at))
    )
    return [as_passkey(row) for row in rows]


def as_passkey(row: PasskeyRow) -> Passkey:
    """Return a row as what verifies an assertion."""
    return Passkey(bytes_of(row.id), row.public_key, row.sign_count)


def new_code() -> str:
    """Return a new one-time code: ``CODE_BYTES`` random bytes in base32, groups of four."""
    text = base64.b32encode(os.urandom(CODE_BYTES)).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _record(session: Session, verb: str, name: str) -> None:
    record(session, verb, "final", subject=OPERATOR, role=OPERATOR, object_id=name)
