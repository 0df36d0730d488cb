"""The body of a part of a file: whose part it is and where it begins, then its bytes as sealed.

Layout: stream (32 bytes), offset (8, big endian), then 1 to ``PART_BYTES`` bytes of the sealed
stream. The stream's hash was announced, so a part carries no checksum of its own but its message's.
"""

from dataclasses import dataclass

from node.exchange.errors import MessageMalformed

CONTENT_TYPE = "application/vnd.lading.part"
PART_BYTES = 1024 * 1024
_ID_BYTES, _OFFSET_BYTES = 32, 8
_HEAD_BYTES = _ID_BYTES + _OFFSET_BYTES
MAX_BODY_BYTES = _HEAD_BYTES + PART_BYTES


@dataclass(frozen=True)
class Part:
    """Some bytes of a sealed stream (0x hex), from ``offset`` on."""

    stream: str
    offset: int
    content: memoryview


def part_body(stream: str, offset: int, content: bytes) -> bytes:
    """Return the body of a part."""
    return bytes.fromhex(stream[2:]) + offset.to_bytes(_OFFSET_BYTES, "big") + content


def read_part(body: bytes) -> Part:
    """Return the part that a body holds, without copying it. Raises: MessageMalformed."""
    if len(body) <= _HEAD_BYTES:
        raise MessageMalformed("The body is no part of a file.")
    offset = int.from_bytes(body[_ID_BYTES:_HEAD_BYTES], "big")
    return Part("0x" + body[:_ID_BYTES].hex(), offset, memoryview(body)[_HEAD_BYTES:])
