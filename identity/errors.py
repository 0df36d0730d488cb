"""Every error of identity, in one tree.

IdentityError
├── Invalid                  the input is not what it should be; asking again will not help
│   ├── ActMalformed         bytes or JSON that are not one act
│   ├── SignatureInvalid     a signature that names no key, or names the wrong one
│   ├── AlgorithmRefused     a signature algorithm that is not accepted, or not of this key
│   ├── StatementMalformed   a statement that has no canonical bytes
│   ├── BillNumberMalformed  text that cannot number a bill
│   ├── KeyMalformed         bytes that are not a key of the kind asked for
│   ├── ProfileMalformed     a profile that does not follow its format
│   ├── ApplicationMalformed an application to the council that does not follow its format
│   ├── RequestMalformed     a line to the signer that is not a request
│   ├── AuthorityFileMalformed an authority file that does not follow its format
│   └── ApprovalMalformed    an approval that does not follow its format
├── Refused                  understood and rejected
│   ├── WrongPassphrase      the key store does not open
│   ├── KeyExists            the key store has a key of this name
│   ├── KeyMissing           the key store has no key of this name
│   ├── PrincipalRefused     an act of another member
│   ├── VerbRefused          a verb this signer does not sign
│   ├── ExpiryRefused        an act that has expired, or stays open too long
│   ├── NumberingRefused     a bill number, of a member that has no numbering key
│   ├── RateExceeded         too many signatures asked for in too short a time
│   ├── AuthorityFileRefused an authority file that may not take effect
│   ├── AskerRefused         an act that its asker may not have done
│   ├── ApprovalMissing      an act that not enough others have approved
│   └── ApprovalRefused      an approval that does not count
└── Unavailable              could work later, or on another machine
    ├── CurveUnavailable     coincurve is not installed
    ├── KeystoreUnavailable  the key store's file or passphrase is not there
    ├── TokenUnavailable     the PKCS#11 token is not there or does not answer
    ├── SignerUnavailable    no signer answers
    ├── SettingsUnusable     the signer's directory does not hold what it needs
    ├── AuthorityFileUnavailable the authority file is not there
    └── AuditUnavailable     the audit line could not be made durable, so nothing was signed
"""

from typing import ClassVar


class IdentityError(Exception):
    """An error with a stable code, a sentence, what to do about it, and its facts.

    Args:
        message: one sentence; no secrets and no business data.
        facts: what the sentence speaks of, for programs; JSON values.
    """

    code: ClassVar[str] = "IDENTITY_ERROR"
    what_to_do: ClassVar[str] = "Report this to whoever runs the node."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Invalid(IdentityError):
    """The input is not what it should be."""

    code = "IDENTITY_INVALID"


class Refused(IdentityError):
    """Understood and rejected."""

    code = "IDENTITY_REFUSED"


class Unavailable(IdentityError):
    """Could work later, or on another machine."""

    code = "IDENTITY_UNAVAILABLE"


class ActMalformed(Invalid):
    """Bytes or JSON that are not one act."""

    code = "ACT_MALFORMED"
    what_to_do = "Build the act again from its type in identity/acts/acts.json."


class SignatureInvalid(Invalid):
    """A signature that names no key, or names the wrong one."""

    code = "SIGNATURE_INVALID"
    what_to_do = "Sign again with the right key, over the same bytes, for the same network."


class AlgorithmRefused(Invalid):
    """A signature algorithm that is not accepted, or that this key does not make."""

    code = "ALGORITHM_REFUSED"
    what_to_do = "Sign with an accepted algorithm and a key of its kind; docs/protocol/keys.md."


class StatementMalformed(Invalid):
    """A statement that has no canonical bytes."""

    code = "STATEMENT_MALFORMED"
    what_to_do = "Use strings, booleans, lists, objects and integers below 2^53 only."


class BillNumberMalformed(Invalid):
    """Text that cannot number a bill."""

    code = "BILL_NUMBER_MALFORMED"
    what_to_do = "Give the transport document's reference as it is printed on the bill."


class KeyMalformed(Invalid):
    """Bytes that are not a key of the kind asked for."""

    code = "KEY_MALFORMED"
    what_to_do = "Check the key's kind, length and encoding."


class ProfileMalformed(Invalid):
    """A profile that does not follow its format."""

    code = "PROFILE_MALFORMED"
    what_to_do = "Build the profile again; docs/protocol/statements.md gives its fields."


class ApplicationMalformed(Invalid):
    """An application to the council that does not follow its format."""

    code = "APPLICATION_MALFORMED"
    what_to_do = "Make it with lading apply; docs/protocol/statements.md gives the format."


class RequestMalformed(Invalid):
    """A line to the signer that is not a request."""

    code = "REQUEST_MALFORMED"
    what_to_do = "Send one JSON object a line, with a method the signer knows."


class AuthorityFileMalformed(Invalid):
    """An authority file that does not follow its format."""

    code = "AUTHORITY_FILE_MALFORMED"
    what_to_do = "Correct the draft; docs/protocol/authority.md gives its fields."


class ApprovalMalformed(Invalid):
    """An approval that does not follow its format."""

    code = "APPROVAL_MALFORMED"
    what_to_do = "Approve again over what GET /v1/approvals says; nothing was signed."


class WrongPassphrase(Refused):
    """The key store does not open with this passphrase."""

    code = "WRONG_PASSPHRASE"
    what_to_do = "Set LADING_KEYSTORE_PASSPHRASE to the passphrase the key store was made with."


class KeyExists(Refused):
    """The key store has a key of this name."""

    code = "KEY_EXISTS"
    what_to_do = "Choose another name; a key is never overwritten."


class KeyMissing(Refused):
    """The key store has no key of this name."""

    code = "KEY_MISSING"
    what_to_do = "Make the key first, or use the key store that holds it."


class PrincipalRefused(Refused):
    """An act of another member."""

    code = "PRINCIPAL_REFUSED"
    what_to_do = "Send the act to its own principal's signer."


class VerbRefused(Refused):
    """A verb this signer does not sign."""

    code = "VERB_REFUSED"
    what_to_do = "Allow the verb in signer.json, if this member means to do it."


class ExpiryRefused(Refused):
    """An act that has expired, or stays open too long."""

    code = "EXPIRY_REFUSED"
    what_to_do = "Build the act again with an expiry within the signer's bound; check the clock."


class NumberingRefused(Refused):
    """A bill number, asked of a member that has no numbering key."""

    code = "NUMBERING_REFUSED"
    what_to_do = "Only a carrier numbers bills; register a numbering key to become one that does."


class RateExceeded(Refused):
    """Too many signatures asked for in too short a time."""

    code = "RATE_EXCEEDED"
    what_to_do = "Wait and ask again; nothing was signed."


class AuthorityFileRefused(Refused):
    """An authority file that may not take effect."""

    code = "AUTHORITY_FILE_REFUSED"
    what_to_do = "Have enough administrators sign a draft of the next number, then install it."


class AskerRefused(Refused):
    """An act that its asker may not have done."""

    code = "ASKER_REFUSED"
    what_to_do = "Have somebody ask who has the role and the limit, or change the authority file."


class ApprovalMissing(Refused):
    """An act that not enough others have approved."""

    code = "APPROVAL_NEEDED"
    what_to_do = "Have another person with the role approve it; GET /v1/approvals lists it."


class ApprovalRefused(Refused):
    """An approval that does not count."""

    code = "APPROVAL_REFUSED"
    what_to_do = "Have it approved by another person, with a key that the authority file names."


class CurveUnavailable(Unavailable):
    """coincurve is not installed."""

    code = "CURVE_UNAVAILABLE"
    what_to_do = "Install coincurve; there is no slower stand-in."


class KeystoreUnavailable(Unavailable):
    """The key store's file or passphrase is not there."""

    code = "KEYSTORE_UNAVAILABLE"
    what_to_do = "Check the file and LADING_KEYSTORE_PASSPHRASE."


class TokenUnavailable(Unavailable):
    """The PKCS#11 token is not there or does not answer."""

    code = "TOKEN_UNAVAILABLE"
    what_to_do = "Check the library and the token that signer.json names; acts wait meanwhile."


class SignerUnavailable(Unavailable):
    """No signer answers."""

    code = "SIGNER_UNAVAILABLE"
    what_to_do = "Start the member's signer with `lading sign`; the write waits until it answers."


class SettingsUnusable(Unavailable):
    """The signer's directory does not hold what it needs."""

    code = "SETTINGS_UNUSABLE"
    what_to_do = "Check signer.json and network.json in the signer's directory."


class AuthorityFileUnavailable(Unavailable):
    """The authority file is not there, though the member has one."""

    code = "AUTHORITY_FILE_UNAVAILABLE"
    what_to_do = "Put authority.json back, or install the next number; until then nothing is done."


class AuditUnavailable(Unavailable):
    """The audit line could not be made durable, so nothing was signed."""

    code = "AUDIT_UNAVAILABLE"
    what_to_do = "Free space on the signer's disk, then ask again."
