"""Every error of identity, in one tree.

IdentityError
├── Invalid                  the input is not what it should be; asking again will not help
│   ├── ActMalformed         bytes or JSON that are not one act
│   ├── SignatureInvalid     a signature that names no key, or names the wrong one
│   ├── KeyMalformed         bytes that are not a key of the kind asked for
│   ├── ProfileMalformed     a profile that does not follow its format
│   └── RequestMalformed     a line to the signer that is not a request
├── Refused                  understood and rejected
│   ├── WrongPassphrase      the key store does not open
│   ├── KeyExists            the key store has a key of this name
│   ├── KeyMissing           the key store has no key of this name
│   ├── PrincipalRefused     an act of another member
│   ├── VerbRefused          a verb this signer does not sign
│   ├── ExpiryRefused        an act that has expired, or stays open too long
│   └── RateExceeded         too many signatures asked for in too short a time
└── Unavailable              could work later, or on another machine
    ├── CurveUnavailable     coincurve is not installed
    ├── KeystoreUnavailable  the key store's file or passphrase is not there
    ├── SignerUnavailable    no signer answers
    ├── SettingsUnusable     the signer's directory does not hold what it needs
    └── AuditUnavailable     the audit line could not be made durable, so nothing was signed
"""

from typing import ClassVar


class IdentityError(Exception):
    """An error with a stable code, a sentence, what to do about it, and its facts.

    Args:
        message: one sentence; no secrets and no business data.
        facts: what the sentence speaks of, for programs; JSON values.
    """

    code: ClassVar[str] = "identity-error"
    what_to_do: ClassVar[str] = "Report this to whoever runs the node."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Invalid(IdentityError):
    """The input is not what it should be."""


class Refused(IdentityError):
    """Understood and rejected."""


class Unavailable(IdentityError):
    """Could work later, or on another machine."""


class ActMalformed(Invalid):
    """Bytes or JSON that are not one act."""

    code = "act-malformed"
    what_to_do = "Build the act again from its type in identity/acts/acts.json."


class SignatureInvalid(Invalid):
    """A signature that names no key, or names the wrong one."""

    code = "signature-invalid"
    what_to_do = "Sign again with the right key, over the same bytes, for the same network."


class StatementMalformed(Invalid):
    """A statement that has no canonical bytes."""

    code = "statement-malformed"
    what_to_do = "Use strings, booleans, lists, objects and integers below 2^53 only."


class BillNumberMalformed(Invalid):
    """Text that cannot number a bill."""

    code = "bill-number-malformed"
    what_to_do = "Give the transport document's reference as it is printed on the bill."


class KeyMalformed(Invalid):
    """Bytes that are not a key of the kind asked for."""

    code = "key-malformed"
    what_to_do = "Check the key's kind, length and encoding."


class ProfileMalformed(Invalid):
    """A profile that does not follow its format."""

    code = "profile-malformed"
    what_to_do = "Build the profile again; docs/protocol.md gives its fields."


class RequestMalformed(Invalid):
    """A line to the signer that is not a request."""

    code = "request-malformed"
    what_to_do = "Send one JSON object a line, with a method the signer knows."


class WrongPassphrase(Refused):
    """The key store does not open with this passphrase."""

    code = "wrong-passphrase"
    what_to_do = "Set LADING_KEYSTORE_PASSPHRASE to the passphrase the key store was made with."


class KeyExists(Refused):
    """The key store has a key of this name."""

    code = "key-exists"
    what_to_do = "Choose another name; a key is never overwritten."


class KeyMissing(Refused):
    """The key store has no key of this name."""

    code = "key-missing"
    what_to_do = "Make the key first, or use the key store that holds it."


class PrincipalRefused(Refused):
    """An act of another member."""

    code = "principal-refused"
    what_to_do = "Send the act to its own principal's signer."


class VerbRefused(Refused):
    """A verb this signer does not sign."""

    code = "verb-refused"
    what_to_do = "Allow the verb in signer.json, if this member means to do it."


class ExpiryRefused(Refused):
    """An act that has expired, or stays open too long."""

    code = "expiry-refused"
    what_to_do = "Build the act again with an expiry within the signer's bound; check the clock."


class RateExceeded(Refused):
    """Too many signatures asked for in too short a time."""

    code = "rate-exceeded"
    what_to_do = "Wait and ask again; nothing was signed."


class CurveUnavailable(Unavailable):
    """coincurve is not installed."""

    code = "curve-unavailable"
    what_to_do = "Install coincurve; there is no slower stand-in."


class KeystoreUnavailable(Unavailable):
    """The key store's file or passphrase is not there."""

    code = "keystore-unavailable"
    what_to_do = "Check the file and LADING_KEYSTORE_PASSPHRASE."


class SignerUnavailable(Unavailable):
    """No signer answers."""

    code = "signer-unavailable"
    what_to_do = "Start the member's signer with `lading sign`; the write waits until it answers."


class SettingsUnusable(Unavailable):
    """The signer's directory does not hold what it needs."""

    code = "settings-unusable"
    what_to_do = "Check signer.json and network.json in the signer's directory."


class AuditUnavailable(Unavailable):
    """The audit line could not be made durable, so nothing was signed."""

    code = "audit-unavailable"
    what_to_do = "Free space on the signer's disk, then ask again."
