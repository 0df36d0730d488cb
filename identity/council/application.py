"""An application to the council: a newcomer's, or that of a member that has lost its keys.

Public. Every secp256k1 key signs the whole of it, the message key too, and the numbering key's
proofs stand in the profile: so whoever applies holds every key that signs. That the applicant is
the organisation it names, its documents show and the council judges; the file names their hashes.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from identity.acts.words import KeyPurpose, Role
from identity.errors import ApplicationMalformed, IdentityError, ProfileMalformed
from identity.keys.secp256k1 import SigningKey, key_id
from identity.profile.profile import Profile
from identity.signatures.numbering import key_id as numbering_key_id
from identity.signatures.statements import recover_statement, sign_statement, statement_digest
from identity.strict_json import read_json

FORMAT = 1
KIND = "application"
ADMISSION, RECOVERY = "admission", "recovery"
MAX_BYTES = 512 * 1024
MAX_DOCUMENTS = 50
MAX_KEYS = 16
_NAMES = {
    "application", "kind", "network_id", "roles", "profile", "keys", "documents", "series",
    "made_at", "proofs", "message_proof",
}  # fmt: skip
_ID = re.compile(r"0x[0-9a-f]{64}")
_SERIES = re.compile(r"[A-Za-z0-9._-]{1,32}")
_FILE_NAME = re.compile(r"[^\x00-\x1f/\x7f-\x9f]{1,120}")
_NUMBERING = "numbering"


@dataclass(frozen=True)
class Document:
    """A document that goes to the council by another way: its file's name, SHA-256 (hex), size."""

    name: str
    sha256: str
    size: int

    @staticmethod
    def of(name: str, content: bytes) -> "Document":
        """Return what names this content."""
        return Document(name, hashlib.sha256(content).hexdigest(), len(content))


@dataclass(frozen=True)
class Application:
    """What is applied for.

    Attributes:
        kind: ``admission`` or ``recovery``.
        network_id: of which network, ``0x`` hex.
        roles: what the member is to be; for a recovery, what it is.
        keys: the ledger's key id (``0x`` hex) and its purpose's word, of each key.
        series: for a recovery with another numbering key, its series of bill numbers.
        made_at: UTC seconds.
        proofs: key id to the statement's signature, of the keys that sign.
        message_proof: the first message key's Ed25519 signature over the statement, ``0x`` hex.
    """

    kind: str
    network_id: str
    roles: Role
    profile: Profile
    keys: tuple[tuple[str, str], ...]
    documents: tuple[Document, ...]
    series: str | None
    made_at: int
    proofs: Mapping[str, str]
    message_proof: str

    @property
    def member(self) -> str:
        """The member's id, ``0x`` hex."""
        return "0x" + self.profile.member.hex()

    def body(self) -> dict[str, Any]:
        """Return what is signed: the file without its proofs."""
        return {
            "application": FORMAT,
            "kind": self.kind,
            "network_id": self.network_id,
            "roles": int(self.roles),
            "profile": self.profile.to_json(),
            "keys": [{"key": key, "purpose": purpose} for key, purpose in self.keys],
            "documents": [
                {"name": each.name, "sha256": each.sha256, "size": each.size}
                for each in self.documents
            ],
            "series": self.series,
            "made_at": self.made_at,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the file."""
        return self.body() | {"proofs": dict(self.proofs), "message_proof": self.message_proof}

    def motion(self, rulebook: bytes) -> tuple[str, dict[str, Any]]:
        """Return the motion that decides on it: the verb and its fields.

        Args:
            rulebook: the hash of the one in force, which an admission accepts.
        """
        keys = [bytes.fromhex(key[2:]) for key, _ in self.keys]
        purposes = [int(KeyPurpose[purpose.upper()]) for _, purpose in self.keys]
        if self.kind == RECOVERY:
            series = hashlib.sha256(self.series.encode()).digest() if self.series else bytes(32)
            return "RecoverKeys", {"series": series, "keys": keys, "purposes": purposes}
        return "AdmitMember", {
            "roles": int(self.roles),
            "profile": self.profile.hash,
            "rulebook": rulebook,
            "keys": keys,
            "purposes": purposes,
        }

    def unproved(self) -> list[str]:
        """Return the keys (ids, or ``message``) whose proof is missing or does not hold."""
        missing = [key for key, purpose in self.keys if not self._is_proved(key, purpose)]
        return missing if self._message_is_proved() else [*missing, "message"]

    def _is_proved(self, key: str, purpose: str) -> bool:
        if purpose == _NUMBERING:  # the profile was read, so its proofs hold
            of_profile = self.profile.numbering
            known = None if of_profile is None else numbering_key_id(of_profile.modulus)
            return known is not None and key == "0x" + known.hex()
        try:
            address = recover_statement(KIND, self.body(), self.proofs.get(key))
        except IdentityError:
            return False
        return key == "0x" + key_id(address).hex()

    def _message_is_proved(self) -> bool:
        public = next(iter(self.profile.message_keys.values()))
        try:
            signature = bytes.fromhex(self.message_proof.removeprefix("0x"))
            digest = statement_digest(KIND, self.body())
            Ed25519PublicKey.from_public_bytes(public).verify(signature, digest)
        except (ValueError, InvalidSignature):
            return False
        return True


def apply(
    kind: str,
    network_id: str,
    roles: Role,
    profile: Profile,
    keys: Mapping[KeyPurpose, SigningKey],
    message: Ed25519PrivateKey,
    documents: Sequence[Document],
    made_at: int,
    series: str | None = None,
) -> Application:
    """Return an application signed by every key; the profile's numbering key is added.

    A recovery names the numbering key only with another ``series``.
    """
    named = [("0x" + key_id(key.address).hex(), p.name.lower()) for p, key in keys.items()]
    numbered = profile.numbering is not None and (kind == ADMISSION or series is not None)
    if numbered and profile.numbering is not None:
        named.append(("0x" + numbering_key_id(profile.numbering.modulus).hex(), _NUMBERING))
    unsigned = Application(
        kind, network_id, roles, profile, tuple(named), tuple(documents), series, made_at, {}, ""
    )
    body = unsigned.body()
    proofs = {
        "0x" + key_id(key.address).hex(): sign_statement(KIND, body, key) for key in keys.values()
    }
    message_proof = "0x" + message.sign(statement_digest(KIND, body)).hex()
    return Application(
        kind, network_id, roles, profile, tuple(named), tuple(documents), series, made_at, proofs,
        message_proof,
    )  # fmt: skip


def parse(text: bytes) -> Application:
    """Read an application's file; that its proofs hold, ``unproved`` says.

    Raises: ApplicationMalformed.
    """
    if len(text) > MAX_BYTES:
        raise ApplicationMalformed(f"An application has at most {MAX_BYTES} bytes.")
    try:
        return read(read_json(text))
    except ValueError as error:
        raise ApplicationMalformed("The application is not JSON.") from error


def read(data: object) -> Application:
    """Read an application that is JSON already; raises ApplicationMalformed."""
    try:
        return _read(data)
    except ProfileMalformed as error:
        raise ApplicationMalformed(f"Its profile: {error.message}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ApplicationMalformed("The application lacks a field, or one is wrong.") from error


def file_hash(application: Application) -> str:
    """Return SHA-256 of the file's RFC 8785 form, ``0x`` hex: what the council's minutes name."""
    return "0x" + hashlib.sha256(rfc8785.dumps(application.to_json())).hexdigest()


def _read(data: Any) -> Application:
    if not isinstance(data, dict) or set(data) != _NAMES:
        raise ApplicationMalformed(f"An application has {', '.join(sorted(_NAMES))}.")
    if data["application"] != FORMAT or isinstance(data["application"], bool):
        raise ApplicationMalformed("The application is of another format.")
    kind, series = data["kind"], data["series"]
    roles, made_at = _whole(data["roles"]), _whole(data["made_at"])
    if kind not in (ADMISSION, RECOVERY) or (series is not None and kind != RECOVERY):
        raise ApplicationMalformed("kind is admission or recovery; only a recovery has a series.")
    if not 0 < roles <= int(~Role(0)):
        raise ApplicationMalformed("roles are those of the words.")
    return Application(
        kind=kind,
        network_id=_text(data["network_id"], _ID),
        roles=Role(roles),
        profile=Profile.from_json(data["profile"]),
        keys=tuple(_key(item) for item in _list(data["keys"], 1, MAX_KEYS)),
        documents=tuple(_document(item) for item in _list(data["documents"], 0, MAX_DOCUMENTS)),
        series=None if series is None else _text(series, _SERIES),
        made_at=made_at,
        proofs={_text(key, _ID): str(value) for key, value in data["proofs"].items()},
        message_proof=_text(data["message_proof"], re.compile(r"0x[0-9a-f]{128}")),
    )


def _key(item: Any) -> tuple[str, str]:
    _require_names(item, {"key", "purpose"})
    purpose = item["purpose"]
    if purpose not in {each.name.lower() for each in KeyPurpose}:
        raise ApplicationMalformed("There is no such purpose of a key.")
    return _text(item["key"], _ID), str(purpose)


def _document(item: Any) -> Document:
    _require_names(item, {"name", "sha256", "size"})
    return Document(
        _text(item["name"], _FILE_NAME),
        _text(item["sha256"], re.compile(r"[0-9a-f]{64}")),
        _whole(item["size"]),
    )


def _require_names(item: Any, names: set[str]) -> None:
    if not isinstance(item, dict) or set(item) != names:
        raise ApplicationMalformed(f"An item has {', '.join(sorted(names))}.")


def _list(value: Any, least: int, most: int) -> list[Any]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ApplicationMalformed(f"A list has {least} to {most} items.")
    return value


def _text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ApplicationMalformed("A text is not of its form.")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ApplicationMalformed("A number is whole and below 2^53.")
    return value
