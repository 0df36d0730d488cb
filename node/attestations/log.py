"""An append-only log's hash tree: roots and consistency proofs, and what such a proof shows.

Hashes only: it stores nothing, signs nothing, and knows neither entries nor the ledger. Source:
RFC 9162 section 2.1 (SHA-256). A proof here always has its first node; the RFC leaves it out where
the earlier size is a power of two, since it is the earlier root then.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from privacy.merkle import HASH_BYTES, leaf_hash, node_hash

MAX_SIZE = 2**64 - 1
_SIZE_BYTES = 32


class Log:
    """The tree of a log that grows: every complete subtree's hash, about 64 bytes an entry.

    An entry is bytes of any length; what they say is the caller's business.
    """

    def __init__(self) -> None:
        self._complete: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """How many entries were appended."""
        return len(self._complete[0])

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        self.append_leaf(leaf_hash(entry))

    def append_leaf(self, leaf: bytes) -> None:
        """Add an entry of which only the leaf's hash is known."""
        added, level = leaf, 0
        while True:
            self._complete[level].append(added)
            if len(self._complete[level]) % 2:
                return
            added = node_hash(*self._complete[level][-2:])
            level += 1
            if level == len(self._complete):
                self._complete.append([])

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the subtree's hash over the entries ``start`` (a multiple of a power of two not
        below its length) up to ``end``, not included; ``0, size`` is the root.
        """
        level = (end - start).bit_length() - 1
        if end - start == 1 << level:
            return self._complete[level][start >> level]
        return hash_of(self, start, end)


class Tree(Protocol):
    """What gives the hash of the subtree over the entries ``start`` up to ``end``."""

    def hash_of(self, start: int, end: int) -> bytes:
        """Return 32 bytes."""
        ...


def hash_of(tree: Tree, start: int, end: int) -> bytes:
    """Return the hash of a subtree of at least two entries from those of its two parts."""
    middle = start + _split(end - start)
    return node_hash(tree.hash_of(start, middle), tree.hash_of(middle, end))


def prove(tree: Tree, earlier: int, later: int) -> tuple[bytes, ...]:
    """Return the consistency proof between two sizes of one log, its first node included.

    Raises:
        ValueError: not 0 < ``earlier`` < ``later``.

    Source: RFC 9162 section 2.1.4.1, SUBPROOF(earlier, D[later], false).
    """
    return tuple(tree.hash_of(start, end) for start, end in proof_ranges(earlier, later))


def proof_ranges(earlier: int, later: int) -> list[tuple[int, int]]:
    """Return the subtrees, first entry and the one after the last, whose hashes are the proof.

    Raises:
        ValueError: not 0 < ``earlier`` < ``later``.
    """
    if not 0 < earlier < later:
        raise ValueError(f"A log does not grow from {earlier} to {later} entries.")
    return list(_ranges(earlier, 0, later))


def roots(earlier: int, later: int, proof: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the earlier and the later root that a proof leads to.

    ``None`` when the sizes are not 0 < ``earlier`` < ``later`` < 2^64, or the proof has not
    exactly the nodes of 32 bytes that they call for.

    Source: RFC 9162 section 2.1.4.2, steps 2 to 6.
    """
    nodes = list(proof)
    if not 0 < earlier < later <= MAX_SIZE or not nodes:
        return None
    if any(len(node) != HASH_BYTES for node in nodes):
        return None
    first, second = earlier - 1, later - 1
    while first % 2:
        first, second = first >> 1, second >> 1
    earlier_root = later_root = nodes[0]
    for node in nodes[1:]:
        if second == 0:
            return None
        if first % 2 or first == second:
            earlier_root = node_hash(node, earlier_root)
            later_root = node_hash(node, later_root)
            while first % 2 == 0 and first:
                first, second = first >> 1, second >> 1
        else:
            later_root = node_hash(later_root, node)
        first, second = first >> 1, second >> 1
    return (earlier_root, later_root) if second == 0 else None


def extends(
    earlier: int, earlier_root: bytes, later: int, later_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the proof shows that the log of the later root begins with that of the earlier."""
    return roots(earlier, later, proof) == (earlier_root, later_root)


def attachment(earlier: int, proof: Sequence[bytes]) -> bytes:
    """Return what a checkpoint that is not the first attaches: the earlier size and the proof."""
    return earlier.to_bytes(_SIZE_BYTES, "big") + b"".join(proof)


def _ranges(earlier: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    if earlier == end:
        yield start, end
        return
    middle = start + _split(end - start)
    if earlier <= middle:
        yield from _ranges(earlier, start, middle)
        yield middle, end
    else:
        yield from _ranges(earlier, middle, end)
        yield start, middle


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
