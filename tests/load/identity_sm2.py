"""SM2 signatures, and certificate paths with revocation, on one core.

Every rate is that of one process pinned to one core, a second of that core's time. Signing and
verifying are those that acts use: a key that is open, ZA remembered, numbers and points checked
each time. A path is three certificates, of which the end is new each time: it is parsed, dates,
usage, names and its signature are checked, and both authorities' revocation lists are asked.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gmssl import sm2 as other
from line import Bar
from support.authorities import MEMBER, NOW
from support.paths import Path, signatory

from identity.certificates import assembling
from identity.certificates.path import Named, check_path, read_chain
from identity.certificates.purposes import Kind, Purpose
from identity.signatures import sm2
from identity.signatures.sm2 import Sm2Key

ENDS = 2_000
SECONDS = 3.0


def measure() -> tuple[list[Bar], dict[str, Any]]:
    """Return the four bars, and beside them the pure Python library's rates in the same run."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        key = Sm2Key.generate()
        messages = [os.urandom(32) for _ in range(256)]
        signatures = [key.sign(message) for message in messages]
        pairs = list(zip(messages, signatures, strict=True))
        sign = rate(key.sign, [(message,) for message in messages])
        verify = rate(sm2.verify, [(key.public, *pair) for pair in pairs])
        second = other.CryptSM2(key.private.hex(), key.public.hex()[2:])
        other_sign = rate(second.sign, [(m, "1f" * 32) for m in messages[:8]])
        other_verify = rate(second.verify, [(s.hex(), m) for m, s in pairs[:8]])
        sm2_paths = paths("sm2", Kind.ACTS, Purpose.ACTS)
        p256_paths = paths("p256", Kind.PERSON, Purpose.PERSON)
    finally:
        os.sched_setaffinity(0, allowed)
    bars = [
        Bar("sm2.sign_per_s", sign, "signatures/s on one core", "more", 2500),
        Bar("sm2.verify_per_s", verify, "signatures/s on one core", "more", 1400),
        Bar("path.sm2_per_s", sm2_paths, "paths/s on one core", "more", 600),
        Bar("path.p256_per_s", p256_paths, "paths/s on one core", "more", 3000),
    ]
    also = {
        "gmssl.sign_per_s": round(other_sign, 1),
        "gmssl.verify_per_s": round(other_verify, 1),
        "load_of_the_machine": round(os.getloadavg()[0], 1),
    }
    return bars, also


def paths(scheme: str, kind: Kind, purpose: Purpose) -> float:
    """Return how many paths a second are read and checked."""
    path = Path(scheme, kind, purpose)
    issuing = path.chain()[1].der
    keys = [signatory(scheme, "end").public for _ in range(16)]
    ends = [
        assembling.certificate(
            replace(path.end_draft, serial=1000 + n, key=keys[n % len(keys)]), path.issuing
        )
        for n in range(ENDS)
    ]
    trust, named = path.trust(), Named(member=MEMBER, subject="wang")

    def check(end: bytes) -> None:
        check_path(read_chain([end, issuing]), trust, NOW, purpose, named)

    return rate(check, [(end,) for end in ends])


def rate(act: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> float:
    """Return how often a second of processor time ``act`` is done, in the best of four quarters.

    Processor time is a core's time less what others on the machine took of it.
    """
    best = 0.0
    for _ in range(4):
        done, begun = 0, time.process_time()
        while (took := time.process_time() - begun) < SECONDS / 4:
            for _ in range(16):
                act(*arguments[done % len(arguments)])
                done += 1
        best = max(best, done / took)
    return best
