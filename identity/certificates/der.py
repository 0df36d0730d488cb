"""The parts of a DER structure, for structures that a full parser has read already."""


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
