"""The error tree of ``privacy``.

PrivacyError
├── Invalid: the input is not what the format says
│   ├── NotJson, DuplicateKey, DocumentTooLarge, DocumentTooDeep, InexactNumber, InvalidText,
│   │   InvalidShape, InvalidPath, InvalidSeed, InvalidSalt, InvalidSchemaRef
│   ├── MalformedDisclosure
│   ├── ContainerNumberMalformed, ContainerCheckDigitWrong
│   └── MalformedEnvelope, InvalidReader, InvalidEnvelopeKey
└── Refused: the input is well formed and says something that does not hold
    ├── UnknownPath, PathTwice, PathsConflict, ArrayIncomplete, HeaderChanged, OtherSchema,
    │   RootMismatch
    └── NotAReader, EnvelopeDoesNotOpen, StreamDoesNotOpen

Every class has a stable ``code``; every error has a sentence, what to do, and facts. Facts name
paths, counts and limits, never a value, a salt or a key: errors end up in logs.
"""

from typing import ClassVar


class PrivacyError(Exception):
    """Anything this package refuses, with facts as attributes."""

    code: ClassVar[str] = "PRIVACY_ERROR"
    what_to_do: ClassVar[str] = "Read the message; the input was not accepted."

    def __init__(self, message: str, **facts: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Invalid(PrivacyError):
    """The input is not what the format says."""

    code = "PRIVACY_INVALID"


class Refused(PrivacyError):
    """The input is well formed and says something that does not hold."""

    code = "PRIVACY_REFUSED"


class NotJson(Invalid):
    code = "NOT_JSON"
    what_to_do = "Send one JSON value in UTF-8, without NaN or Infinity (RFC 8259)."


class DuplicateKey(Invalid):
    code = "DUPLICATE_KEY"
    what_to_do = "Name every member of an object once."


class DocumentTooLarge(Invalid):
    code = "DOCUMENT_TOO_LARGE"
    what_to_do = "Send a smaller document; attach large files apart."


class DocumentTooDeep(Invalid):
    code = "DOCUMENT_TOO_DEEP"
    what_to_do = "Nest the document less deeply."


class InexactNumber(Invalid):
    code = "NUMBER_INEXACT"
    what_to_do = "Write numbers that a double holds exactly as written, or send text."


class InvalidText(Invalid):
    code = "TEXT_INVALID"
    what_to_do = "Send Unicode text without lone surrogates."


class InvalidShape(Invalid):
    code = "DOCUMENT_SHAPE_INVALID"
    what_to_do = "Send a JSON object with at least one field and no empty field name."


class InvalidPath(Invalid):
    code = "PATH_INVALID"
    what_to_do = "Write a field's path with dots, as in consignmentItems.0.HSCodes.0."


class InvalidSeed(Invalid):
    code = "SEED_INVALID"
    what_to_do = "Use the 32 random bytes that were made for this document."


class InvalidSalt(Invalid):
    code = "SALT_INVALID"
    what_to_do = "Use the 32 bytes of salt that came with the field or container."


class InvalidSchemaRef(Invalid):
    code = "SCHEMA_REF_INVALID"
    what_to_do = "Name the schema by its id and the 32 bytes of its digest."


class MalformedDisclosure(Invalid):
    code = "DISCLOSURE_MALFORMED"
    what_to_do = "Ask the sender for the disclosure again."


class ContainerNumberMalformed(Invalid):
    code = "CONTAINER_NUMBER_MALFORMED"
    what_to_do = "Write three letters of the owner, U, J or Z, six digits and the check digit."


class ContainerCheckDigitWrong(Invalid):
    code = "CONTAINER_CHECK_DIGIT_WRONG"
    what_to_do = "Read the number again: one character is wrong or two stand in each other's place."


class MalformedEnvelope(Invalid):
    code = "ENVELOPE_MALFORMED"
    what_to_do = "Ask the sender for the envelope again."


class InvalidReader(Invalid):
    code = "READER_INVALID"
    what_to_do = "Name one to 256 readers by member id: 0x and 64 lower-case hexadecimal digits."


class InvalidEnvelopeKey(Invalid):
    code = "ENVELOPE_KEY_INVALID"
    what_to_do = "Use the X25519 public key of the reader's profile: 32 bytes."


class UnknownPath(Refused):
    code = "PATH_UNKNOWN"
    what_to_do = "Name fields that the document has."


class PathTwice(Refused):
    code = "PATH_TWICE"
    what_to_do = "Do not rely on this disclosure: a field stands in it twice."


class PathsConflict(Refused):
    code = "PATHS_CONFLICT"
    what_to_do = "Do not rely on this disclosure: its fields cannot stand in one document."


class ArrayIncomplete(Refused):
    code = "ARRAY_INCOMPLETE"
    what_to_do = "Do not rely on this disclosure: an element of a list is missing or added."


class HeaderChanged(Refused):
    code = "HEADER_CHANGED"
    what_to_do = "Do not rely on this disclosure: its list of fields is not the committed one."


class OtherSchema(Refused):
    code = "SCHEMA_OTHER"
    what_to_do = "Do not rely on this document: it was committed under another schema."


class RootMismatch(Refused):
    code = "ROOT_MISMATCH"
    what_to_do = "Do not rely on this disclosure: it does not belong to the committed document."


class NotAReader(Refused):
    code = "NOT_A_READER"
    what_to_do = "Ask the sender to seal the document for this member."


class EnvelopeDoesNotOpen(Refused):
    code = "ENVELOPE_DOES_NOT_OPEN"
    what_to_do = "Ask the sender to seal the document again for the key in your present profile."


class StreamDoesNotOpen(Refused):
    code = "STREAM_DOES_NOT_OPEN"
    what_to_do = "Fetch the file again from a member that holds it; nothing of it was given out."
