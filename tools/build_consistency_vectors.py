#!/usr/bin/env python3
"""Write the vectors of consistency proofs: tests/data/vectors/consistency.json.

Roots and proofs between all sizes of one log up to 40 entries, and the costliest proofs there are
up to 2^20 and 2^32 entries. The contracts' tests read the file; a test fails while it is stale, and
another checks it a second way.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from committed import write_or_compare  # noqa: E402

from node.attestations.log import Log, attachment, hash_of, proof_ranges, prove  # noqa: E402

TARGET = ROOT / "tests/data/vectors/consistency.json"
ENTRIES = 40
LEVELS = (20, 32)


class MadeUpTree:
    """A log too large to build: the subtrees that one proof names have made-up hashes.

    They are disjoint and cover the log, so that every root above them follows.
    """

    def __init__(self, earlier: int, later: int) -> None:
        self._named = {each: _made_up(each) for each in proof_ranges(earlier, later)}

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the subtree's hash; it is one of the proof's, or lies above some of them."""
        return self._named.get((start, end)) or hash_of(self, start, end)


def cost(earlier: int, later: int) -> int:
    """Return about the gas that a pair of sizes costs: its nodes, hashes and levels passed over.

    A node is 512 gas of calldata, and with the loop about 620; a hash is about 230; a level
    passed over about 45. The contract's tests measure it: contracts/test/ConsistencyProof.t.sol.
    """
    one, other = earlier - 1, later - 1
    total = 0
    while one & 1:
        one, other, total = one >> 1, other >> 1, total + 45
    while one != other:
        total += 620 + (460 if one & 1 else 230)
        one, other = one >> 1, other >> 1
    return total + (620 + 460) * one.bit_count()


def worst_pair(levels: int) -> tuple[int, int]:
    """Return the costliest pair of sizes up to 2^levels.

    A pair's cost is a sum over the levels of the earlier tree's last path: ``passed`` levels below
    the first node, ``apart`` levels up to where the paths meet, the first and last of which take a
    node at the right, and the levels above. Within these a level costs most where it takes a node
    at the left. So the best of all (passed, apart) is the best of all pairs.
    """
    best = (0, 0, 0)
    for passed in range(levels):
        for apart in range(1, levels - passed + 1):
            top = 1 << (passed + apart - 1)
            one = ((1 << levels) - 1) & ~(1 << passed) & ~top
            other = (one | top | (top - 1)) if apart > 1 else one | top
            best = max(best, (cost(one + 1, other + 1), one + 1, other + 1))
    return best[1:]


def contents() -> str:
    """Return the file's text."""
    log = Log()
    for entry in range(ENTRIES):
        log.append(bytes([entry]))
    pairs = [(m, n) for n in range(2, ENTRIES + 1) for m in range(1, n)]
    named = sorted({each for pair in pairs for each in proof_ranges(*pair)})
    places = {each: place for place, each in enumerate(named)}
    proofs = b"".join(
        bytes([len(ranges), *(places[each] for each in ranges)])
        for ranges in (proof_ranges(*pair) for pair in pairs)
    )
    return json.dumps(
        {
            "says": "Roots of a log of 1 to 40 entries, entry i the byte i; the subtrees' hashes"
            " that proofs name; and for later = 2 to 40, earlier = 1 to later - 1, the proof: its"
            " length and its nodes' places in nodes, a byte each. Then the costliest proofs.",
            "roots": _hex(b"".join(log.hash_of(0, n + 1) for n in range(ENTRIES))),
            "nodes": _hex(b"".join(log.hash_of(*each) for each in named)),
            "proofs": _hex(proofs),
            "worst": {f"levels{levels}": _worst(levels) for levels in LEVELS},
        },
        indent=1,
    )


def _worst(levels: int) -> dict[str, object]:
    earlier, later = worst_pair(levels)
    tree = MadeUpTree(earlier, later)
    return {
        "earlier": earlier,
        "later": later,
        "earlier_root": _hex(tree.hash_of(0, earlier)),
        "later_root": _hex(tree.hash_of(0, later)),
        "attached": _hex(attachment(earlier, prove(tree, earlier, later))),
    }


def _made_up(part: tuple[int, int]) -> bytes:
    """Return 32 bytes, none of them zero: zeros are cheaper."""
    digest = sha256(f"lading made-up subtree {part[0]} {part[1]}".encode()).digest()
    return bytes(byte or 1 for byte in digest)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    sys.exit(write_or_compare(TARGET, lambda: contents() + "\n"))
