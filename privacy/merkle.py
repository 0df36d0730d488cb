"""The hash tree of RFC 9162 over SHA-256, and one proof for several of its leaves.

Hashes only: what a leaf says is the business of ``privacy.commitments``.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

HASH_BYTES = 32
LEAF_PREFIX = b"\x00"
NODE_PREFIX = b"\x01"


def leaf_hash(content: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ ``content``). Source: RFC 9162 section 2.1.1."""
    return sha256(LEAF_PREFIX + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ ``left`` ‖ ``right``). Source: RFC 9162 section 2.1.1."""
    return sha256(NODE_PREFIX + left + right).digest()


class HashTree:
    """All nodes of the tree over ``leaves``; at least one leaf of 32 bytes.

    The tree of RFC 9162 section 2.1.1 splits n leaves at the largest power of two below n. Built
    level by level it is the tree in which a last node without a sibling moves up unchanged.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
            if len(below) % 2:
                above.append(below[-1])
            self._levels.append(above)

    @property
    def root(self) -> bytes:
        """32 bytes."""
        return self._levels[-1][0]

    def prove(self, indices: Sequence[int]) -> tuple[bytes, ...]:
        """Return the hashes that, with the leaves at ``indices`` (ascending), give the root.

        They stand in the order in which a walk from the root, left before right, needs them.
        """
        size = len(self._levels[0])
        return tuple(
            self._levels[(end - start - 1).bit_length()][start >> (end - start - 1).bit_length()]
            for start, end in _missing(indices, 0, size)
        )


def root_of(size: int, leaves: Mapping[int, bytes], proof: Sequence[bytes]) -> bytes | None:
    """Compute the root of a tree of ``size`` leaves from some of them and ``proof``.

    Returns ``None`` when an index lies outside the tree or the proof is too long or too short.
    """
    indices = sorted(leaves)
    if not indices or indices[0] < 0 or indices[-1] >= size:
        return None
    hashes = iter(proof)

    def walk(start: int, end: int) -> bytes:
        if not _any_within(indices, start, end):
            return next(hashes)
        if end - start == 1:
            return leaves[start]
        middle = start + _split(end - start)
        return node_hash(walk(start, middle), walk(middle, end))

    try:
        root = walk(0, size)
    except StopIteration:
        return None
    return root if next(hashes, None) is None else None


def _missing(indices: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the largest subtrees that hold none of ``indices``, left to right."""
    if not _any_within(indices, start, end):
        yield start, end
    elif end - start > 1:
        middle = start + _split(end - start)
        yield from _missing(indices, start, middle)
        yield from _missing(indices, middle, end)


def _any_within(indices: Sequence[int], start: int, end: int) -> bool:
    position = bisect_left(indices, start)
    return position < len(indices) and indices[position] < end


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
