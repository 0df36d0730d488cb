"""Every error of identity/certificates, in one tree.

identity.errors
├── Invalid
│   └── CertificateMalformed   bytes that are no certificate, revocation list or request
├── Refused
│   ├── CertificateRefused     a certificate that does not count; why is for the log alone
│   └── AuthorityRefused       what this authority does not issue, renew or revoke
└── Unavailable
    ├── RevocationUnknown      no revocation list in force says how a certificate stands
    └── AuthorityUnavailable   the authority's directory does not hold what it needs
"""

from enum import StrEnum

from identity.errors import Invalid, Refused, Unavailable


class Reason(StrEnum):
    """Why a certificate does not count; for the log, never for who showed it."""

    NO_ROOT = "no trusted root"
    SIGNATURE = "a signature does not hold"
    ALGORITHM = "an algorithm that is not accepted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    REVOKED = "revoked"
    USAGE = "wrong usage"
    NAME = "another name"
    AUTHORITY = "an issuer that is no authority, or not for so long a path"
    EXTENSION = "a critical extension that is not understood"
    FORM = "not of the accepted form"


class CertificateMalformed(Invalid):
    """Bytes that are no certificate, revocation list or request."""

    code = "CERTIFICATE_MALFORMED"
    what_to_do = "Give one X.509 structure in DER or PEM, at most 16 KiB (a list: 4 MiB)."


class CertificateRefused(Refused):
    """A certificate that does not count.

    Attributes:
        reason: for the log.
    """

    code = "CERTIFICATE_REFUSED"
    what_to_do = "Show a certificate of a trusted authority, in force, for this use and name."

    def __init__(self, reason: Reason) -> None:
        super().__init__("The certificate is not accepted.")
        self.reason = reason


class AuthorityRefused(Refused):
    """What this authority does not issue, renew or revoke."""

    code = "AUTHORITY_REFUSED"
    what_to_do = "See `lading ca show` for what was issued, and `lading ca issue --help`."


class RevocationUnknown(Unavailable):
    """No revocation list in force says how a certificate stands."""

    code = "REVOCATION_UNKNOWN"
    what_to_do = "Bring the issuer's present revocation list; nothing is accepted without one."


class AuthorityUnavailable(Unavailable):
    """The authority's directory does not hold what it needs."""

    code = "AUTHORITY_UNAVAILABLE"
    what_to_do = "Make the authority with `lading ca init`, or check its directory."
