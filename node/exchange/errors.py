"""The errors of the exchange between members; the tree's root is ``node.errors.NodeError``.

Invalid
├── BodyTooLarge, BodyTooSlow, MediaTypeUnknown, MessageMalformed
└── PeerSignatureInvalid: who speaks cannot be told
Refused
├── PeerUnknown, PeerNotActive: no active member is known by this certificate or key
├── MessageReplayed, WrongReceiver
└── PeerRefused: another member's node refused what this one sent
Unavailable
├── PeerUnavailable: another member's node does not answer, or not yet
├── ProfileNotHeld: the member's profile is not here, or is not the one the ledger names
├── TooManyMessages: a member has too much on its way here at once
├── IntakeFull: a member has had this one keep as much as it may
├── FileNotAnnounced: a part of a file that is not awaited (any more)
└── FileDamaged: a file that came whole and is not what was announced
"""

from node.errors import Invalid, Refused, Unavailable


class BodyTooLarge(Invalid):
    """A message longer than the listener reads."""

    code = "BODY_TOO_LARGE"
    what_to_do = "Send a smaller document."


class BodyTooSlow(Invalid):
    """A message that did not arrive in time."""

    code = "BODY_TOO_SLOW"
    what_to_do = "Send the message again, without pauses."


class MediaTypeUnknown(Invalid):
    """A content type that the route does not read."""

    code = "MEDIA_TYPE_UNKNOWN"
    what_to_do = "Send the content type that docs/protocol/exchange.md names for the route."


class MessageMalformed(Invalid):
    """A message whose parts are not what the format says."""

    code = "MESSAGE_MALFORMED"
    what_to_do = "Build the message as docs/protocol/exchange.md says and send it again."


class PeerSignatureInvalid(Invalid):
    """A message without one valid signature of a member's message key over all it must cover."""

    code = "PEER_SIGNATURE_INVALID"
    what_to_do = "Sign the message as sent with a message key of your profile; check the clock."


class PeerUnknown(Refused):
    """A certificate or a key that stands in no profile this node holds."""

    code = "PEER_UNKNOWN"
    what_to_do = "Put the certificate and key in the profile whose hash the ledger names."


class PeerNotActive(Refused):
    """A member that is suspended or has left."""

    code = "PEER_NOT_ACTIVE"
    what_to_do = "Ask the council; a member that is not active is neither heard nor sent to."


class MessageReplayed(Refused):
    """A message that came before, byte for byte."""

    code = "MESSAGE_REPLAYED"
    what_to_do = "Sign the message again with a new nonce; sending twice has one effect."


class WrongReceiver(Refused):
    """A message made for another member or another address."""

    code = "WRONG_RECEIVER"
    what_to_do = "Send to the endpoint in the receiver's profile."


class PeerRefused(Refused):
    """Another member's node refused; its code stands in the facts as ``peer_code``."""

    code = "PEER_REFUSED"
    what_to_do = "Read the peer's code in the facts; sending the same again will not help."


class PeerUnavailable(Unavailable):
    """Another member's node does not answer, or says that it cannot yet."""

    code = "PEER_UNAVAILABLE"
    what_to_do = "Wait: it is tried again by itself."


class ProfileNotHeld(Unavailable):
    """No profile of the member is here whose hash is the ledger's."""

    code = "PROFILE_NOT_HELD"
    what_to_do = "Put the member's present profile into the directory's profiles folder."


class TooManyMessages(Unavailable):
    """Too many unexpired nonces, or too many messages or bytes at once; ``retry_after_seconds``."""

    code = "TOO_MANY_MESSAGES"
    what_to_do = "Wait a few minutes and send more slowly."


class IntakeFull(Unavailable):
    """More to keep from one member than this one takes; ``retry_after_seconds`` says until when."""

    code = "INTAKE_FULL"
    what_to_do = "Wait, or ask the receiver's operator to raise peer_daily_bytes or _messages."


class FileNotAnnounced(Unavailable):
    """A part of a file that was not announced, or was given up."""

    code = "FILE_NOT_ANNOUNCED"
    what_to_do = "Announce the file again; the answer says how far it has come."


class FileDamaged(Unavailable):
    """A file whose bytes are not those that were announced; it is awaited from its start again."""

    code = "FILE_DAMAGED"
    what_to_do = "Wait: it is sent again by itself. If it stays, look at both disks."
