"""A member's desk at which people sign in, without a door."""

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlmodel import Session, col, select
from support.authenticators import Authenticator

from identity.people import codes
from identity.people.passkeys import RelyingParty, request_options
from node.people import accounts, credentials, signing_in
from node.people.people import People
from node.people.visits import Outcome, Visit
from node.store.audit import AuditRow
from node.store.database import Database
from node.store.people import Account, PasswordRow

NOW = 1_800_000_000
PARTY = RelyingParty("lading.example", "https://lading.example", "Lading")


@dataclass
class Desk:
    """People and their database; ``visit`` is who comes next."""

    db: Database
    people: People
    visit: Visit

    @property
    def now(self) -> int:
        return self.visit.now

    def later(self, seconds: int) -> None:
        self.visit = replace(self.visit, now=self.visit.now + seconds)

    def comes_from(self, address: str) -> None:
        self.visit = replace(self.visit, address=address)

    def account(self, name: str) -> Account:
        """Make an account; return it."""
        with self.db.begin() as session:
            accounts.add(session, name, name.title(), ["clerk"], self.now)
            return accounts.find(session, name)

    def passkey(self, account: Account, count: int = 0) -> Authenticator:
        """Give an account a passkey."""
        made = Authenticator(account.handle, count)
        with self.db.begin() as session:
            options = credentials.creation_options(session, self.people, PARTY, account, self.now)
            answer = made.create(PARTY, options)
            credentials.add_passkey(
                session, self.people, PARTY, account, answer, "a test's", self.now
            )
        return made

    def options(self) -> str:
        """What a sign-in page asks a browser."""
        return request_options(PARTY, signing_in.challenge(self.people, self.now))

    def by_passkey(self, answer: str, party: RelyingParty = PARTY) -> Outcome:
        with self.db.begin() as session:
            return signing_in.by_passkey(session, self.people, party, answer, self.visit)

    def by_password(self, name: str, right: bool, code: str) -> Outcome:
        """Sign in with the password, or with another one."""
        with self.db.begin() as session:
            stored = signing_in.stored_password(session, name)
            compared = (stored, right and stored is not None)
            return signing_in.by_password(session, self.people, name, compared, code, self.visit)

    def password(self, account: Account, hashed: str) -> bytes:
        """Give an account a password; return its second factor."""
        secret = codes.new_secret()
        sealed = self.people.seal_second_factor(account.name, secret)
        with self.db.begin() as session:
            session.add(
                PasswordRow(
                    account=account.name, hash=hashed, second_factor=sealed, step=-1,
                    changed_at=NOW,
                )
            )  # fmt: skip
        return secret

    def code(self, secret: bytes) -> str:
        """What an app shows now."""
        return TOTP(secret, 6, SHA1(), 30).generate(self.now).decode()

    def audit(self, session: Session) -> list[tuple[str, str, str | None]]:
        rows = session.exec(select(AuditRow).order_by(col(AuditRow.id)))
        return [(row.verb, row.outcome, row.code) for row in rows]
