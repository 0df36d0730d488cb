"""The parts of a DER structure; a full parser reads the same bytes beside it."""


def children(der: bytes) -> list[bytes]:
    """Return the elements of a constructed element, each with its tag and length.

    Raises:
        ValueError: cut, with more behind, or a length that is indefinite or beyond 2^24.
    """
    at, end = _contents(der, 0)
    if end != len(der):
        raise ValueError("more stands behind the element")
    parts = []
    while at < end:
        _, stop = _contents(der, at)
        parts.append(der[at:stop])
        at = stop
    if at != end:
        raise ValueError("an element is cut")
    return parts


def positive(integer: bytes) -> int:
    """Return the value of an INTEGER above 0 of at most 20 bytes (RFC 5280 section 4.1.2.2).

    Raises:
        ValueError: it is none.
    """
    start, end = _contents(integer, 0)
    value = int.from_bytes(integer[start:end], "big", signed=True)
    if integer[0] != 0x02 or end != len(integer) or value <= 0 or end - start > 20:
        raise ValueError("a serial number is positive and has at most 20 bytes")
    return value


def whole_bytes(bits: bytes) -> bytes:
    """Return the bytes of a BIT STRING that has no bits over.

    Raises:
        ValueError: it has: the same signature could be written in eight ways.
    """
    start, end = _contents(bits, 0)
    if bits[0] != 0x03 or end != len(bits) or bits[start : start + 1] != b"\x00":
        raise ValueError("a signature is a bit string of whole bytes")
    return bits[start + 1 : end]


def _contents(der: bytes, at: int) -> tuple[int, int]:
    """Return where the contents of the element at ``at`` begin and end."""
    if at + 2 > len(der):
        raise ValueError("an element is cut")
    length, start = der[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3:
            raise ValueError("a length of no accepted form")
        length = int.from_bytes(der[start : start + count], "big")
        start += count
    if start + length > len(der):
        raise ValueError("an element is cut")
    return start, start + length
