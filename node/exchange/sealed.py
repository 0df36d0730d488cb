"""The body of a delivery: 32 bytes of root, then an envelope that the receiver alone can open.

The envelope's context binds kind, sender, receiver and root, so a sealed document cannot be
passed off as another, or as another member's, by whoever forwards it.
"""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from node.exchange.errors import MessageMalformed
from privacy.envelopes import Envelope, open_envelope, seal

CONTENT_TYPE = "application/vnd.lading.sealed"
MAX_BODY_BYTES = 12_000_000
_ROOT_BYTES = 32


def seal_for(
    kind: str, root: str, sender: str, receiver: str, envelope_key: bytes, content: bytes
) -> bytes:
    """Return the body of a delivery of ``content``; ids and root are 0x hex.

    Raises: DocumentTooLarge, InvalidEnvelopeKey.
    """
    context = _context(kind, root, sender, receiver)
    envelope = seal(content, {receiver: envelope_key}, context)
    return bytes.fromhex(root[2:]) + envelope.to_bytes()


def root_of(body: bytes) -> str:
    """Return the root that a body claims, 0x hex; raises MessageMalformed."""
    if len(body) <= _ROOT_BYTES:
        raise MessageMalformed("The body is cut short.")
    return "0x" + body[:_ROOT_BYTES].hex()


def open_from(
    kind: str, body: bytes, sender: str, receiver: str, private_key: X25519PrivateKey
) -> bytes:
    """Return the content of a body that ``sender`` sealed for ``receiver``.

    Raises: MessageMalformed, MalformedEnvelope, NotAReader, EnvelopeDoesNotOpen.
    """
    context = _context(kind, root_of(body), sender, receiver)
    envelope = Envelope.from_bytes(body[_ROOT_BYTES:])
    return open_envelope(envelope, receiver, private_key, context)


def _context(kind: str, root: str, sender: str, receiver: str) -> bytes:
    ids = b"".join(bytes.fromhex(part[2:]) for part in (sender, receiver, root))
    return f"lading peer 1 {kind} ".encode() + ids
