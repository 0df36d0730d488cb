"""What a door itself refuses, before the node is asked.

DoorError
├── Invalid: the request is not what the route says
│   ├── BodyNotJson, BodyEncoded, BodyTooLarge, BodyTooSlow, BodyInvalid
│   ├── AddressTooLong, HeadersTooLarge
│   ├── RequestInvalid: a path or query value
│   └── IdempotencyKeyMissing, IdempotencyKeyMalformed
├── Refused: understood and rejected
│   ├── CredentialMissing, CredentialUnknown
│   └── NothingHere, MethodRefused, CrossSiteRefused
└── Unavailable: could work later
    └── TokensUnavailable, BodiesTooMany

Facts never repeat what was sent: a body is a document, a header may be a secret.
"""

from typing import ClassVar


class DoorError(Exception):
    """Anything a door refuses, with facts as attributes."""

    code: ClassVar[str] = "DOOR_ERROR"
    what_to_do: ClassVar[str] = "Read the message; nothing was done."

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Invalid(DoorError):
    """The request is not what the route says."""

    code = "REQUEST_INVALID"


class Refused(DoorError):
    """Understood and rejected."""

    code = "REQUEST_REFUSED"


class Unavailable(DoorError):
    """Could work later."""

    code = "DOOR_UNAVAILABLE"


class BodyNotJson(Invalid):
    """A body of another media type."""

    code = "BODY_NOT_JSON"
    what_to_do = "Send JSON with Content-Type: application/json."


class BodyEncoded(Invalid):
    """A body under a content coding: it is never decoded, so that it cannot grow."""

    code = "BODY_ENCODED"
    what_to_do = "Send the body as it is, without Content-Encoding."


class AddressTooLong(Invalid):
    """More bytes than a path and its query may have."""

    code = "ADDRESS_TOO_LONG"
    what_to_do = "Shorten the query; ask for less at once."


class HeadersTooLarge(Invalid):
    """More bytes or more fields than a request's headers may have."""

    code = "HEADERS_TOO_LARGE"
    what_to_do = "Send fewer and shorter headers."


class BodyTooLarge(Invalid):
    """More bytes than a body may have."""

    code = "BODY_TOO_LARGE"
    what_to_do = "Send a smaller document; attach large files apart."


class BodyTooSlow(Invalid):
    """A body that did not arrive in time."""

    code = "BODY_TOO_SLOW"
    what_to_do = "Send the request again over a better line; nothing was done."


class BodyInvalid(Invalid):
    """A body that does not follow the route's schema."""

    code = "BODY_INVALID"
    what_to_do = "Correct the fields named in facts; GET /openapi.json shows every field."


class RequestInvalid(Invalid):
    """A path or query value that does not follow its format."""

    code = "REQUEST_INVALID"
    what_to_do = "Correct the values named in facts; GET /openapi.json shows their formats."


class IdempotencyKeyMissing(Invalid):
    """A write without an Idempotency-Key."""

    code = "IDEMPOTENCY_KEY_MISSING"
    what_to_do = "Send an Idempotency-Key header: a new one for each intent, the same to try again."


class IdempotencyKeyMalformed(Invalid):
    """An Idempotency-Key of another form."""

    code = "IDEMPOTENCY_KEY_MALFORMED"
    what_to_do = "Use 8 to 128 visible ASCII characters, a UUID for example."


class CredentialMissing(Refused):
    """No credential on a route that demands one."""

    code = "CREDENTIAL_MISSING"
    what_to_do = "Send Authorization: Bearer with a token of this member."


class CredentialUnknown(Refused):
    """A credential this member did not give out, or no longer accepts."""

    code = "CREDENTIAL_UNKNOWN"
    what_to_do = "Use a token of this member; another member's token opens nothing here."


class NothingHere(Refused):
    """No such route, or nothing under this id that the caller may see."""

    code = "NOT_FOUND"
    what_to_do = "Check the address and the id; GET /openapi.json lists the routes."


class MethodRefused(Refused):
    """The route does not answer this method."""

    code = "METHOD_NOT_ALLOWED"
    what_to_do = "Use the method that GET /openapi.json gives for this route."


class CrossSiteRefused(Refused):
    """A form sent from another site's page."""

    code = "CROSS_SITE_REFUSED"
    what_to_do = "Open this member's own sign-in page and use its form."


class TokensUnavailable(Unavailable):
    """The token list cannot be read."""

    code = "TOKENS_UNAVAILABLE"
    what_to_do = "Have the operator check tokens.json in the member's directory."


class BodiesTooMany(Unavailable):
    """So many large bodies are being taken that memory for another is not given."""

    code = "BODIES_TOO_MANY"
    what_to_do = "Send the same request again in some seconds."
