"""The profile: one JSON document a member publishes; its hash stands in Membership.

Certificates stand whole, so that who reads the profile can pin them. It is checked for form and
for the numbering key's proofs; whether its hash is the one on the ledger is for who asks there.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

import rfc8785

from identity.errors import IdentityError, ProfileMalformed
from identity.keys.kinds import MODULUS_BYTES
from identity.profile.credit_code import is_credit_code
from identity.signatures import numbering
from identity.strict_json import read_json

FORMAT = 2
MAX_BYTES = 256 * 1024
MAX_ITEMS = 16
MAX_CERTIFICATE_BYTES = 16 * 1024
_NAMES = {
    "profile",
    "member",
    "names",
    "credit_code",
    "endpoints",
    "tls_certificates",
    "certificate_authorities",
    "message_keys",
    "envelope_keys",
    "witness_keys",
    "numbering",
}
_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")
T = TypeVar("T")
_SERIES = re.compile(r"[A-Za-z0-9._-]{1,32}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")


@dataclass(frozen=True)
class Numbering:
    """A carrier's numbering key: its number series, modulus (384 bytes) and eight proofs."""

    series: str
    modulus: bytes
    proofs: tuple[bytes, ...]


@dataclass(frozen=True)
class Profile:
    """A member's profile.

    Attributes:
        member: the member's id, 32 bytes.
        name_en, name_zh: the organisation's legal name in English and Chinese.
        peers_url: where other members' nodes send to it, https.
        api_url: where its own people and services ask, http or https.
        tls_certificates: DER, of which one is what the peers' listener and client show.
        message_keys: kid to Ed25519 public key, 32 bytes: signs messages to other nodes.
        envelope_keys: kid to X25519 public key, 32 bytes: documents are sealed for it.
        witness_keys: addresses, 20 bytes: sign anchors and statuses.
        numbering: the key that numbers its bills, of a carrier.
        credit_code: the unified social credit code; None of an organisation outside China.
        certificate_authorities: DER of the roots and issuers of its own people's, services' and
            devices' certificates.
    """

    member: bytes
    name_en: str
    name_zh: str
    peers_url: str
    api_url: str
    tls_certificates: tuple[bytes, ...]
    message_keys: dict[str, bytes]
    envelope_keys: dict[str, bytes]
    witness_keys: tuple[bytes, ...] = ()
    numbering: Numbering | None = None
    credit_code: str | None = None
    certificate_authorities: tuple[bytes, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document, as docs/protocol/statements.md has it."""
        return {
            "profile": FORMAT,
            "member": _hex(self.member),
            "names": {"en": self.name_en, "zh": self.name_zh},
            "credit_code": self.credit_code,
            "endpoints": {"peers": self.peers_url, "api": self.api_url},
            "tls_certificates": [base64.b64encode(c).decode() for c in self.tls_certificates],
            "certificate_authorities": [
                base64.b64encode(c).decode() for c in self.certificate_authorities
            ],
            "message_keys": _keys_to_json("ed25519", self.message_keys),
            "envelope_keys": _keys_to_json("x25519", self.envelope_keys),
            "witness_keys": [_hex(address) for address in self.witness_keys],
            "numbering": None
            if self.numbering is None
            else {
                "series": self.numbering.series,
                "modulus": _hex(self.numbering.modulus),
                "proofs": [_hex(proof) for proof in self.numbering.proofs],
            },
        }

    @staticmethod
    def from_json(data: object) -> "Profile":
        """Read a profile; raises ProfileMalformed unless it is one, proofs included."""
        top = _object(data, "profile", _NAMES)
        if top["profile"] != FORMAT or isinstance(top["profile"], bool):
            raise ProfileMalformed("The profile is of another format.")
        names = _object(top["names"], "names", {"en", "zh"})
        endpoints = _object(top["endpoints"], "endpoints", {"peers", "api"})
        member = _bytes(top["member"], "member", 32)
        return Profile(
            member=member,
            name_en=_text(names["en"], "names.en", _NAME),
            name_zh=_text(names["zh"], "names.zh", _NAME),
            peers_url=_url(endpoints["peers"], "endpoints.peers", {"https"}),
            api_url=_url(endpoints["api"], "endpoints.api", {"https", "http"}),
            tls_certificates=_list(top, "tls_certificates", _certificate),
            message_keys=_keys(top, "message_keys", "ed25519"),
            envelope_keys=_keys(top, "envelope_keys", "x25519"),
            witness_keys=_list(top, "witness_keys", lambda v: _bytes(v, "witness_keys", 20), 0),
            numbering=_numbering(top["numbering"], member),
            credit_code=_credit_code(top["credit_code"]),
            certificate_authorities=_list(top, "certificate_authorities", _certificate, 0),
        )

    @staticmethod
    def parse(text: bytes) -> "Profile":
        """Read a profile's file; raises ProfileMalformed."""
        if len(text) > MAX_BYTES:
            raise ProfileMalformed(f"A profile has at most {MAX_BYTES} bytes.")
        try:
            return Profile.from_json(read_json(text))
        except ValueError as error:
            raise ProfileMalformed("The profile is not JSON.") from error

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the document's RFC 8785 form, 32 bytes: what stands in Membership."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).digest()

    @property
    def certificate_hashes(self) -> frozenset[bytes]:
        """SHA-256 of each certificate's DER."""
        return frozenset(hashlib.sha256(c).digest() for c in self.tls_certificates)


def _object(value: object, name: str, names: Iterable[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise ProfileMalformed(f"{name} is an object of {', '.join(sorted(names))}.", field=name)
    return value


def _list(
    top: dict[str, Any], name: str, read: Callable[[object], T], least: int = 1
) -> tuple[T, ...]:
    values = top[name]
    if not isinstance(values, list) or not least <= len(values) <= MAX_ITEMS:
        raise ProfileMalformed(f"{name} has {least} to {MAX_ITEMS} items.", field=name)
    items = tuple(read(value) for value in values)
    if len(set(items)) != len(items):
        raise ProfileMalformed(f"{name} has an item twice.", field=name)
    return items


def _keys(top: dict[str, Any], name: str, kind: str) -> dict[str, bytes]:
    def read(value: object) -> tuple[str, bytes]:
        item = _object(value, name, {"kid", kind})
        return _text(item["kid"], name, _KID), _bytes(item[kind], name, 32)

    pairs = _list(top, name, read)
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ProfileMalformed(f"{name} has a kid twice.", field=name)
    return keys


def _numbering(value: object, member: bytes) -> Numbering | None:
    if value is None:
        return None
    item = _object(value, "numbering", {"series", "modulus", "proofs"})
    if not isinstance(item["proofs"], list):
        raise ProfileMalformed("numbering.proofs is not a list.", field="numbering")
    read = Numbering(
        _text(item["series"], "numbering.series", _SERIES),
        _bytes(item["modulus"], "numbering.modulus", MODULUS_BYTES),
        tuple(
            _bytes(proof, "numbering.proofs", MODULUS_BYTES)
            for proof in item["proofs"][: numbering.PROOFS + 1]
        ),
    )
    try:
        numbering.verify_proofs(read.modulus, member, list(read.proofs))
    except IdentityError as error:
        raise ProfileMalformed("The numbering key's proofs do not hold.") from error
    return read


def _credit_code(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_credit_code(value):
        raise ProfileMalformed("credit_code is no code of GB 32100.", field="credit_code")
    return value


def _text(value: object, name: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ProfileMalformed(f"{name} is not a text of the right form.", field=name)
    return value


def _url(value: object, name: str, schemes: set[str]) -> str:
    text = _text(value, name, re.compile(r"[!-~]{1,200}"))
    try:
        parts = urlsplit(text)
        right = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or parts.username is not None or parts.query or parts.fragment:
        raise ProfileMalformed(f"{name} is not a plain URL of {schemes}.", field=name)
    return text


def _certificate(value: object) -> bytes:
    try:
        der = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        der = b""
    if not der.startswith(b"\x30") or len(der) > MAX_CERTIFICATE_BYTES:
        raise ProfileMalformed("A certificate is base64 of DER.", field="certificates")
    if base64.b64encode(der).decode() != value:
        raise ProfileMalformed("A certificate's base64 has one form.", field="certificates")
    return der


def _bytes(value: object, name: str, length: int) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(f"0x[0-9a-f]{{{2 * length}}}", value):
        raise ProfileMalformed(f"{name} is 0x and {2 * length} lower-case hex digits.", field=name)
    return bytes.fromhex(value[2:])


def _keys_to_json(kind: str, keys: dict[str, bytes]) -> list[dict[str, str]]:
    return [{"kid": kid, kind: _hex(public)} for kid, public in keys.items()]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
