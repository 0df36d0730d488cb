"""Tables of who may sign in, how, and who is signed in; of machines' clients and their tokens.

Secrets stand as hashes (session, code, token, password) or sealed under the member's key (second
factor). Times are UTC seconds.
"""

from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

FULL = "full"
ENROLMENT = "enrolment"


class Account(SQLModel, table=True):
    """A person of this member.

    Attributes:
        name: the subject of what the person does.
        shown: the person's name as pages show it.
        handle: random bytes by which passkeys name the account.
        company_subject: ``sub`` at the company's OpenID Connect provider.
        enrolment: SHA-256 of the one-time code that opens the account, until it is used.
    """

    __tablename__ = "account"

    name: str = Field(primary_key=True)
    shown: str
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    handle: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    company_subject: str | None = Field(default=None, unique=True)
    enabled: bool = True
    enrolment: str | None = Field(default=None, unique=True)
    enrolment_until: int | None = None
    created_at: int


class PasskeyRow(SQLModel, table=True):
    """A passkey of an account; ``id`` is the credential id as base64url, ``public_key`` is COSE."""

    __tablename__ = "passkey"

    id: str = Field(primary_key=True)
    account: str = Field(foreign_key="account.name", index=True)
    label: str
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sign_count: int
    created_at: int
    used_at: int | None = None


class PasswordRow(SQLModel, table=True):
    """An account's password (Argon2id) and its second factor, sealed; they stand or go together.

    ``step`` is the last step of time whose code was used.
    """

    __tablename__ = "password"

    account: str = Field(primary_key=True, foreign_key="account.name")
    hash: str
    second_factor: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    step: int
    changed_at: int


class WebSession(SQLModel, table=True):
    """Somebody signed in at the pages: an account, or a bearer token that was shown.

    Attributes:
        id: by which it is listed and ended; opens nothing.
        sha256: of the cookie's value.
        kind: full, or enrolment: opens the security pages alone.
        method: passkey, password, company, token or code.
        address, agent: where it began, as the person will recognise it.
        ended_by: the subject that ended it, or ``node`` for its time.
    """

    __tablename__ = "web_session"
    __table_args__ = (Index("web_session_open", "subject", "ended_at"),)

    id: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    subject: str
    account: str | None = Field(default=None, foreign_key="account.name")
    token: str | None = None
    kind: str = FULL
    method: str
    address: str
    agent: str
    started_at: int
    seen_at: int
    ended_at: int | None = None
    ended_by: str | None = None


class FailedAttempts(SQLModel, table=True):
    """Attempts to sign in that failed.

    ``key`` is a hash of what is counted, ``name`` of the account's name that was typed.
    """

    __tablename__ = "failed_attempts"

    key: str = Field(primary_key=True)
    name: str | None = Field(default=None, index=True)
    failures: int
    last_at: int = Field(index=True)
    until: int


class UsedOnce(SQLModel, table=True):
    """What may not be used again before ``until``: a challenge, a state, a machine's assertion."""

    __tablename__ = "used_once"

    key: str = Field(primary_key=True)
    until: int = Field(index=True)


class OAuthClient(SQLModel, table=True):
    """A machine of this member that signs in with its own key; ``name`` is its subject.

    ``key`` is its public key as a JWK.
    """

    __tablename__ = "oauth_client"

    name: str = Field(primary_key=True)
    key: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: int


class AccessToken(SQLModel, table=True):
    """A token given to a client; ``scopes`` are the verbs it was narrowed to, null for none."""

    __tablename__ = "access_token"

    sha256: str = Field(primary_key=True)
    client: str = Field(foreign_key="oauth_client.name", index=True)
    scopes: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    until: int = Field(index=True)
