"""What an account signs in with, as its own person changes it: passkeys, password, second factor.

Who may call it, a fresh session of this account or one of its enrolment, the door has checked. The
caller owns the transaction; each change leaves its audit row in it. A change of the password ends
the account's other sessions.
"""

from typing import TYPE_CHECKING

from sqlmodel import Session, col, func, select

from identity.people import codes, passkeys
from identity.people.errors import CodeWrong, LastMeans, NotAccepted, PasskeyUnknown
from identity.people.passkeys import Holder, RelyingParty
from node.audit.record import record
from node.people import once
from node.people.accounts import passkeys_of
from node.people.sessions import end_all
from node.store.people import Account, PasskeyRow, PasswordRow

if TYPE_CHECKING:
    from node.people.people import People

MAX_PASSKEYS = 10
MAX_LABEL = 60
PENDING_SECONDS = 900


def creation_options(
    session: Session, people: "People", party: RelyingParty, account: Account, now: int
) -> str:
    """Return the JSON by which a browser makes another passkey of this account."""
    challenge = people.box.seal(_making(account), until=now + PENDING_SECONDS)
    holder = Holder(account.handle, account.name, account.shown)
    known = [each.id for each in passkeys_of(session, account.name)]
    return passkeys.creation_options(party, holder, challenge, known)


def add_passkey(
    session: Session, people: "People", party: RelyingParty, account: Account, answer: str,
    label: str, now: int,
) -> None:  # fmt: skip
    """Keep the passkey that a browser made for this account; raises NotAccepted."""
    challenge = passkeys.challenge_of(answer)
    people.box.open(_making(account), challenge, now)
    if not once.use(session, "passkey making", challenge, now + PENDING_SECONDS, now):
        raise NotAccepted("CHALLENGE_USED")
    made = passkeys.verify_creation(party, challenge, answer)
    counted = select(func.count()).where(PasskeyRow.account == account.name)
    key = passkeys.text_of(made.id)
    if session.exec(counted).one() >= MAX_PASSKEYS or session.get(PasskeyRow, key) is not None:
        raise NotAccepted("PASSKEY_TOO_MANY")
    session.add(
        PasskeyRow(
            id=key,
            account=account.name,
            label=label.strip()[:MAX_LABEL] or "passkey",
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=now,
        )
    )
    _record(session, "AddPasskey", account, key)


def remove_passkey(session: Session, account: Account, key: str) -> None:
    """Take a passkey away; raises LastMeans, PasskeyUnknown, also for another account's."""
    row = session.get(PasskeyRow, key)
    if row is None or row.account != account.name:
        raise PasskeyUnknown("You have no passkey of this id.")
    _require_another(session, account)
    session.delete(row)
    _record(session, "RemovePasskey", account, key)


def list_passkeys(session: Session, account: Account) -> list[PasskeyRow]:
    """Return the account's passkeys, by age."""
    query = select(PasskeyRow).where(PasskeyRow.account == account.name)
    return list(session.exec(query.order_by(col(PasskeyRow.created_at))))


def pending_second_factor(people: "People", account: Account, now: int) -> tuple[bytes, bytes]:
    """Return a new second factor: open, to be shown, and sealed, to come back with its code."""
    secret = codes.new_secret()
    return secret, people.box.seal(_pending(account), secret, now + PENDING_SECONDS)


def shown_second_factor(people: "People", account: Account, sealed: bytes, now: int) -> bytes:
    """Return the second factor that was shown before; raises NotAccepted."""
    return people.box.open(_pending(account), sealed, now)


def set_password(
    session: Session, people: "People", account: Account, hashed: str,
    factor: tuple[bytes, str], this_session: str, now: int,
) -> None:  # fmt: skip
    """Set password and second factor, and end the account's other sessions.

    Args:
        hashed: the password, hashed; ``identity.people.passwords.require_fit`` has seen it.
        factor: the second factor as it was sealed, and the first code made with it.

    Raises: NotAccepted, CodeWrong.
    """
    secret = shown_second_factor(people, account, factor[0], now)
    step = codes.accepted_step(secret, factor[1], now, -1)
    if step is None:
        raise CodeWrong("This is not the code of the key that was shown.")
    sealed = people.seal_second_factor(account.name, secret)
    session.merge(
        PasswordRow(
            account=account.name, hash=hashed, second_factor=sealed, step=step, changed_at=now
        )
    )
    end_all(session, account.name, account.name, now, but=this_session)
    _record(session, "SetPassword", account, None)


def remove_password(session: Session, account: Account) -> None:
    """Take password and second factor away, where there are any; raises LastMeans."""
    row = session.get(PasswordRow, account.name)
    if row is not None:
        _require_another(session, account)
        session.delete(row)
        _record(session, "RemovePassword", account, None)


def has_password(session: Session, account: Account) -> bool:
    """Say whether the account may sign in by password."""
    return session.get(PasswordRow, account.name) is not None


def _require_another(session: Session, account: Account) -> None:
    means = len(list_passkeys(session, account)) + has_password(session, account)
    if means + (account.company_subject is not None) < 2:
        raise LastMeans("This is the only way in that this account has.")


def _making(account: Account) -> str:
    return f"passkey making {account.name}"


def _pending(account: Account) -> str:
    return f"second factor shown {account.name}"


def _record(session: Session, verb: str, account: Account, about: str | None) -> None:
    record(session, verb, "final", subject=account.name, role="self", object_id=about)
