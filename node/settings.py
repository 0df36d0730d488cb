"""What one member's processes are told at start: ``settings.json`` in the member's directory.

Read once and passed on. It holds no secret: keys are in encrypted key stores whose passphrase
comes from the environment (``LADING_KEYSTORE_PASSPHRASE``), and tokens stand as hashes in
``tokens.json``. What the file does not say may come from ``LADING_…`` variables; an unknown name
in the file is refused.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from node.errors import SettingsInvalid

MAX_SETTINGS_BYTES = 64 * 1024

MemberId = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Port = Annotated[int, Field(ge=0, le=65535)]
ISSUER = r"^(https://|http://(localhost|127\.0\.0\.1)[:/])[!-~]+$"
PUBLIC_URL = r"^(https://[a-z0-9-]+(\.[a-z0-9-]+)*|http://localhost)(:[1-9][0-9]{0,4})?$"
MailAddress = Annotated[str, Field(pattern=r"^[!-?A-~]+@[A-Za-z0-9.-]+$", max_length=254)]


class Smtp(BaseModel):
    """The mail server that takes notices; its password is in ``LADING_SMTP_PASSWORD`` alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    port: Port = 587
    starttls: bool = True
    username: str | None = None
    sender: MailAddress


class Person(BaseModel):
    """Somebody who is told by mail what waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")]
    mail: MailAddress
    notices: tuple[Literal["offer", "deadline", "freeze", "hold"], ...] = (
        "offer", "deadline", "freeze", "hold",
    )  # fmt: skip


class Company(BaseModel):
    """The company's own OpenID Connect provider; a secret is in ``LADING_COMPANY_SECRET`` alone.

    ``issuer`` is its identifier exactly as it publishes it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(pattern=ISSUER, max_length=300)
    client_id: str = Field(pattern=r"^[\x21-\x7e]{1,200}$")


class Settings(BaseSettings):
    """One member's settings; frozen.

    Attributes:
        directory: the member's directory (0700); every file of the member is in it.
        member: this member's id, ``0x`` and 64 hex digits.
        ledger_url: the ledger's JSON-RPC.
        api_host, api_port: where people's and services' requests are answered.
        peers_host, peers_port: where other members' nodes are answered.
        database: the database's URL; by default ``node.sqlite`` in the directory.
        metrics_port: where Prometheus is answered on loopback, without a token; None: nowhere.
            Each process of a member needs its own.
        authority: the fingerprint of the administrators whose authority file must be there; None:
            without a file the roles in tokens.json stand.
        authority_number: of the file that was installed last; none before it counts.
        retention_days: how long documents are kept, by schema id; ten years where it says nothing.
        events_days: how long the stream of events goes back.
        national_profile: whether acts of other members are accepted with an SM2 co-signature alone.
        peer_daily_bytes, peer_daily_messages: what one other member may have this one keep a day.
        webhook_targets: where webhooks may go: ``public`` https addresses, or ``any``, also by http
            and in the member's own network.
        people: who is told by mail what waits for them; needs ``smtp``.
        poll_seconds: how often the follower asks the ledger for a new final block; None: as the
            engine's profile says.
        public_url: where people's browsers find the pages, scheme, host and port; None: on this
            machine alone, as ``http://localhost`` and the port. Passkeys are bound to it.
        sign_in_by_token: whether the pages take a bearer token while nobody has an account; once
            somebody has one, they never do.
        company: the company's own OpenID Connect provider, where people may sign in.
        proxies: addresses of proxies whose ``X-Forwarded-For`` is believed.
        jobs: what does the outbox's work: ``process`` (threads of the part ``work``) or ``celery``.
        redis_url: Celery's broker; ``redis://`` or ``rediss://``.
        engine_configuration: JSON files of this member's engine that must be the same at every
            member; they hold no key, and other members are told what they say. None: the subnet's,
            where ``lading network`` made the engine.
        oversight_seconds: how often the engine's allow lists are compared with Membership, and the
            ledger with other members'.
        audit_checkpoint_seconds: how long a row of the audit log waits for the ledger at most.
    """

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="LADING_")

    directory: Path
    member: MemberId
    ledger_url: str = Field(pattern=r"^https?://")
    api_host: str = "127.0.0.1"
    api_port: Port
    peers_host: str = "127.0.0.1"
    peers_port: Port
    database: str | None = Field(default=None, pattern=r"^(sqlite:///.|postgresql(\+psycopg)?://)")
    public_url: str | None = Field(default=None, pattern=PUBLIC_URL)
    sign_in_by_token: bool = True
    company: Company | None = None
    proxies: tuple[str, ...] = ()
    metrics_port: Port | None = None
    authority: str | None = Field(default=None, pattern=r"^0x[0-9a-f]{64}$")
    authority_number: int = Field(default=0, ge=0)
    retention_days: dict[str, Annotated[int, Field(ge=0, le=36_525)]] = Field(default_factory=dict)
    events_days: int = Field(default=3_653, ge=7, le=36_525)
    jobs: Literal["process", "celery"] = "process"
    redis_url: str | None = Field(default=None, pattern=r"^rediss?://.")
    national_profile: bool = False
    peer_daily_bytes: int = Field(default=20 * 2**30, ge=0)
    peer_daily_messages: int = Field(default=100_000, ge=0)
    webhook_targets: Literal["public", "any"] = "public"
    smtp: Smtp | None = None
    people: tuple[Person, ...] = ()
    poll_seconds: float | None = Field(default=None, gt=0, le=60)
    engine_configuration: tuple[Path, ...] = ()
    oversight_seconds: int = Field(default=60, ge=1, le=3600)
    audit_checkpoint_seconds: int = Field(default=3600, ge=1, le=7 * 24 * 3600)

    @model_validator(mode="after")
    def _celery_has_its_broker(self) -> Self:
        if self.jobs == "celery" and self.redis_url is None:
            raise ValueError("jobs by celery need redis_url")
        return self

    @model_validator(mode="after")
    def _people_can_be_told(self) -> Self:
        names = {person.name for person in self.people}
        if len(names) < len(self.people) or (names and self.smtp is None):
            raise ValueError("people have names of their own, and need smtp")
        return self

    @classmethod
    def load(cls, directory: Path) -> "Settings":
        """Return the settings of the member whose directory this is.

        Raises:
            SettingsInvalid: no readable file, no JSON object, a name too many or too few, a value
                out of range. Facts name the settings, never their values.
        """
        directory = directory.resolve()
        path = directory / "settings.json"
        try:
            with path.open("rb") as file:
                given = json.loads(file.read(MAX_SETTINGS_BYTES))
            if not isinstance(given, dict) or "directory" in given:
                raise SettingsInvalid(f"{path} is not one JSON object of settings.")
            return cls(directory=directory, **given)
        except ValidationError as error:
            names = sorted(
                {".".join(map(str, fault["loc"])) or "redis_url" for fault in error.errors()}
            )
            raise SettingsInvalid(
                f"{path} has wrong or missing settings: {', '.join(names)}.", settings=names
            ) from error
        except (OSError, ValueError) as error:
            raise SettingsInvalid(f"{path} cannot be read as JSON.") from error

    @property
    def member_bytes(self) -> bytes:
        """This member's id, 32 bytes."""
        return bytes.fromhex(self.member[2:])

    @property
    def database_url(self) -> str:
        """The database's URL."""
        return self.database or f"sqlite:///{self.directory / 'node.sqlite'}"

    @property
    def engine_files(self) -> tuple[Path, ...]:
        """The engine's files that must be the same everywhere; those that lading network writes."""
        subnets = self.directory / "engine" / "subnets"
        return self.engine_configuration or tuple(sorted(subnets.glob("*.json")))

    @property
    def network_file(self) -> Path:
        """The network's description, signed by the council."""
        return self.directory / "network.json"

    @property
    def profile_file(self) -> Path:
        """This member's own profile."""
        return self.directory / "profile.json"

    @property
    def profiles_directory(self) -> Path:
        """Other members' profiles, one ``<member id>.json`` each."""
        return self.directory / "profiles"

    @property
    def rulebook_file(self) -> Path:
        """The rulebook."""
        return self.directory / "rulebook.json"

    @property
    def tokens_file(self) -> Path:
        """Who may use the API: subjects, roles, and tokens' hashes."""
        return self.directory / "tokens.json"

    @property
    def authority_file(self) -> Path:
        """Who may do what up to which limits, signed by the member's administrators."""
        return self.directory / "authority.json"

    @property
    def signer_authority_file(self) -> Path:
        """The signer's own copy of it, where the signer works in the same directory."""
        return self.directory / "signer.authority.json"

    @property
    def relay_keystore_file(self) -> Path:
        """The sender's relay key, which no other part opens."""
        return self.directory / "relay.keys.json"

    @property
    def keystore_file(self) -> Path:
        """The node's own keys: witness, message, envelope."""
        return self.directory / "node.keys.json"

    @property
    def signer_socket(self) -> Path:
        """Where the member's signer listens."""
        return self.directory / "signer.sock"

    @property
    def vault_directory(self) -> Path:
        """Encrypted documents, addressed by hash."""
        return self.directory / "vault"

    @property
    def tls_certificate(self) -> Path:
        """The peers listener's and the peers client's certificate, PEM."""
        return self.directory / "tls" / "cert.pem"

    @property
    def tls_key(self) -> Path:
        """Its key, PEM (0600)."""
        return self.directory / "tls" / "key.pem"
