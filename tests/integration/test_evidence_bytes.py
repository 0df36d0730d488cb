"""Evidence as bytes: truncated, hostile, of another shape, or with one bit flipped."""

import random
import time
from dataclasses import replace
from typing import Any

import pytest
from support.forger import (
    Refused,
    edited,
    refusal,
)
from support.lengths import tries
from support.trade import Told

from node.evidence.file import MAX_FILE_BYTES, read
from node.evidence.report import to_json
from node.evidence.verify import verify

BYTE_FLIPS = tries(60, 1_000)
SEED = 20261122


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"evidence":' * 50_000,
        b'{"a":1,"a":2}',
        b'{"evidence":1e400}',
        b"9" * 5_000,
        b" " * (MAX_FILE_BYTES + 1),
    ],
)
def test_what_is_no_evidence_file_is_malformed_at_once(told: Told, text: bytes) -> None:
    began = time.monotonic()
    assert refusal(text, told.trade.network) == "EVIDENCE_MALFORMED"
    assert time.monotonic() - began < 20


def test_a_truncated_file_is_malformed(told: Told) -> None:
    for length in range(0, len(told.file), len(told.file) // 20 + 1):
        assert refusal(told.file[:length], told.trade.network) == "EVIDENCE_MALFORMED"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("blocks", 0, "body", "height"), 2.5),
        (("blocks", 0, "body", "height"), -1),
        (("blocks", 0, "body", "height"), 2**60),
        (("acts", 0, "index"), True),
        (("acts", 0, "wire"), "0x0"),
        (("acts", 0, "wire"), "0x" + "AB" * 200),
        (("receipts", 0, "proof"), ["0x"] * 17),
        (("receipts", 0, "proof"), []),
        (("export", "body", "title"), "0x00"),
        (("export", "body", "more"), 1),
        (("statuses", 0, "body", "kind"), "ship"),
        (("statuses", 0, "signatures", 0, "signature"), "0x" + "00" * 64),
        (("disclosures", 0, "more"), 1),
        (("profiles", 0, "profile"), 3),
        (("network", "more"), 1),
        (("more",), 1),
    ],
)
def test_another_shape_is_malformed(told: Told, where: tuple[Any, ...], value: object) -> None:
    def edit(data: Any) -> None:
        for step in where[:-1]:
            data = data[step]
        data[where[-1]] = value

    assert refusal(edited(told.evidence, edit), told.trade.network) == "EVIDENCE_MALFORMED"


@pytest.mark.parametrize(
    "node",
    [b"", b"\x80", b"\xc0", b"\xc1\xc0", b"\xff" * 9, b"\xf9\xff\xff", b"\xc1" * 100_000],
)
def test_hostile_proofs_are_refused(told: Told, node: bytes) -> None:
    receipts = dict(told.evidence.receipts)
    receipts[max(receipts)] = (node,)
    forged = replace(told.evidence, receipts=receipts)
    assert refusal(forged, told.trade.network) == "RECEIPT_NOT_PROVED"


def test_no_flipped_byte_is_believed_to_say_something_else(told: Told) -> None:
    """``BYTE_FLIPS`` positions of the file, one bit each, chosen by ``SEED``."""
    chance = random.Random(SEED)
    original = to_json(verify(read(told.file), told.trade.network))
    refused: dict[str, int] = {}
    for position in chance.sample(range(len(told.file)), BYTE_FLIPS):
        changed = bytearray(told.file)
        changed[position] ^= 1 << chance.randrange(7)
        try:
            verdict = verify(read(bytes(changed)), told.trade.network)
        except Refused as error:
            refused[error.code] = refused.get(error.code, 0) + 1
            continue
        assert to_json(verdict) == original, position
    assert len(refused) >= 4, refused
