"""Certificates, revocation lists and requests put together and signed, with P-256 or SM2 keys.

Names and extensions are ``cryptography``'s; asn1crypto puts the structure together, because
``cryptography`` signs with no SM2 key. It decides nothing: authority.py does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import algos, core, crl, csr, keys
from asn1crypto import x509 as asn1
from cryptography import x509

from identity.certificates.signed import signer
from identity.signatures.algorithms import VerifyingKey
from identity.signatures.verify import PrivateKey

_LAST_UTC_TIME = datetime(2050, 1, 1, tzinfo=UTC)  # RFC 5280 section 4.1.2.5


@dataclass(frozen=True)
class Signatory:
    """Who signs: its name's DER and its key pair."""

    name: bytes
    public: VerifyingKey
    private: PrivateKey

    def seal(self, body: core.Sequence) -> bytes:
        """Return the DER of body, algorithm and signature, as X.509 puts all three kinds."""
        _, sign = signer(self.public.curve, self.private)
        signature = core.OctetBitString(sign(body.dump()))
        parts = b"".join(each.dump() for each in (body, self.algorithm, signature))
        der: bytes = core.Sequence(contents=parts).dump()
        return der

    @property
    def algorithm(self) -> algos.SignedDigestAlgorithm:
        """What stands in the body as the signature's algorithm."""
        return algos.SignedDigestAlgorithm.load(signer(self.public.curve, self.private)[0])


@dataclass(frozen=True)
class Draft:
    """A certificate before it is signed; times are UTC seconds."""

    serial: int
    subject: bytes
    key: VerifyingKey
    valid_from: int
    valid_until: int
    extensions: Sequence[tuple[x509.ExtensionType, bool]]


def certificate(draft: Draft, by: Signatory) -> bytes:
    """Return the certificate's DER."""
    body = asn1.TbsCertificate(
        {
            "version": "v3",
            "serial_number": draft.serial,
            "signature": by.algorithm,
            "issuer": asn1.Name.load(by.name),
            "validity": {
                "not_before": _time(draft.valid_from),
                "not_after": _time(draft.valid_until),
            },
            "subject": asn1.Name.load(draft.subject),
            "subject_public_key_info": keys.PublicKeyInfo.load(draft.key.spki),
            "extensions": [_extension(value, critical) for value, critical in draft.extensions],
        }
    )
    return by.seal(body)


@dataclass(frozen=True)
class Revoked:
    """One entry of a revocation list: when, in UTC seconds, and why (RFC 5280 5.3.1)."""

    at: int
    reason: x509.ReasonFlags


def revocation_list(
    number: int,
    this_update: int,
    next_update: int,
    revoked: Mapping[int, Revoked],
    by: Signatory,
) -> bytes:
    """Return the DER of a complete revocation list; ``revoked`` is by serial number."""
    own = [
        (x509.CRLNumber(number), False),
        (x509.AuthorityKeyIdentifier(key_identifier(by.public), None, None), False),
    ]
    body = crl.TbsCertList(
        {
            "version": "v2",
            "signature": by.algorithm,
            "issuer": asn1.Name.load(by.name),
            "this_update": _time(this_update),
            "next_update": _time(next_update),
            "crl_extensions": [_extension(value, critical) for value, critical in own],
        }
    )
    if revoked:  # an empty list is left out (RFC 5280 section 5.1.2.6)
        body["revoked_certificates"] = [
            {
                "user_certificate": serial,
                "revocation_date": _time(entry.at),
                "crl_entry_extensions": [_extension(x509.CRLReason(entry.reason), False)],
            }
            for serial, entry in revoked.items()
        ]
    return by.seal(body)


def request(by: Signatory) -> bytes:
    """Return the DER of a certification request (RFC 2986) for the signatory's own key."""
    body = csr.CertificationRequestInfo(
        {
            "version": "v1",
            "subject": asn1.Name.load(by.name),
            "subject_pk_info": keys.PublicKeyInfo.load(by.public.spki),
            "attributes": [],
        }
    )
    return by.seal(body)


def key_identifier(key: VerifyingKey) -> bytes:
    """Return the first 20 bytes of the key's id (RFC 7093 section 2, method 1, over the SPKI)."""
    return key.id[:20]


def _extension(value: x509.ExtensionType, critical: bool) -> dict[str, object]:
    return {
        "extn_id": value.oid.dotted_string,
        "critical": critical,
        "extn_value": core.ParsableOctetString(value.public_bytes()),
    }


def _time(seconds: int) -> asn1.Time:
    moment = datetime.fromtimestamp(seconds, UTC)
    name = "utc_time" if moment < _LAST_UTC_TIME else "general_time"
    return asn1.Time(name=name, value=moment)
