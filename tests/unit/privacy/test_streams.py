"""A sealed stream: opened whole and in order, or noticed."""

import io
import itertools
import tracemalloc

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.errors import DocumentTooLarge, StreamDoesNotOpen
from privacy.streams import (
    CHUNK_BYTES,
    MAX_STREAM_BYTES,
    StreamSealer,
    new_key,
    open_stream,
    sealed_bytes,
)

KEY = new_key()
HEAD, SEALED_CHUNK = 11, CHUNK_BYTES + 16


def seal(content: bytes, context: bytes = b"", piece: int = 50_000) -> bytes:
    sealer = StreamSealer(KEY, context)
    pieces = [sealer.update(content[at : at + piece]) for at in range(0, len(content), piece)]
    return b"".join(pieces) + sealer.finish()


def opened(sealed: bytes, context: bytes = b"", key: bytes = KEY) -> bytes:
    return b"".join(open_stream(io.BytesIO(sealed), key, context))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000])
def test_what_was_sealed_opens_and_has_the_length_that_was_said(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    sealed = seal(content[:size], b"title 1")
    assert opened(sealed, b"title 1") == content[:size]
    assert len(sealed) == sealed_bytes(size)


@settings(max_examples=25, deadline=None)
@given(pieces=st.lists(st.binary(max_size=300_000), max_size=4))
def test_how_the_content_comes_in_pieces_makes_no_difference(pieces: list[bytes]) -> None:
    sealer = StreamSealer(KEY, b"")
    sealed = b"".join(map(sealer.update, pieces)) + sealer.finish()
    assert opened(sealed) == b"".join(pieces)


@settings(max_examples=40, deadline=None)
@given(at=st.integers(0, sealed_bytes(3 * CHUNK_BYTES) - 1), bit=st.integers(0, 7))
def test_no_chunk_with_a_flipped_bit_is_given_out(at: int, bit: int) -> None:
    content = bytes(i % 251 for i in range(3 * CHUNK_BYTES))
    sealed = bytearray(seal(content))
    sealed[at] ^= 1 << bit
    given_out = bytearray()
    with pytest.raises(StreamDoesNotOpen):
        given_out.extend(itertools.chain.from_iterable(open_stream(io.BytesIO(sealed), KEY, b"")))
    assert content.startswith(given_out)
    assert len(given_out) <= max(0, at - HEAD) // SEALED_CHUNK * CHUNK_BYTES


def test_chunks_left_out_moved_or_added_are_noticed() -> None:
    sealed = seal(bytes(3 * CHUNK_BYTES))
    head, body = sealed[:HEAD], sealed[HEAD:]
    first, second, third = (body[i * SEALED_CHUNK : (i + 1) * SEALED_CHUNK] for i in range(3))
    for changed in (
        head + first + second, head + first, head, head + second + third,
        head + second + first + third, head + first + first + second + third,
        sealed + third, sealed + b"x", sealed[:-1], b"",
    ):  # fmt: skip
        with pytest.raises(StreamDoesNotOpen):
            opened(changed)


def test_the_bytes_are_those_of_the_published_format() -> None:
    content = bytes(i % 251 for i in range(2 * CHUNK_BYTES + 7))
    sealed = seal(content, b"title 1")
    assert sealed[:4] == b"LDS1"
    prefix, rest, found = sealed[4:11], sealed[11:], b""
    for number in range(3):
        chunk, last = rest[:SEALED_CHUNK], number == 2
        nonce = prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
        found += AESGCM(KEY).decrypt(nonce, chunk, b"lading stream 1 title 1")
        rest = rest[SEALED_CHUNK:]
    assert (found, rest) == (content, b"")


def test_another_key_and_another_context_do_not_open() -> None:
    sealed = seal(b"content", b"title 1")
    with pytest.raises(StreamDoesNotOpen):
        opened(sealed, b"title 2")
    with pytest.raises(StreamDoesNotOpen):
        opened(sealed, b"title 1", new_key())


def test_a_content_beyond_the_bound_is_refused() -> None:
    sealer = StreamSealer(KEY, b"")
    piece = bytes(10 * 1024 * 1024)
    for _ in range(MAX_STREAM_BYTES // len(piece)):
        sealer.update(piece)
    with pytest.raises(DocumentTooLarge):
        sealer.update(b"x")


def test_memory_stays_the_same_however_long_the_content_is() -> None:
    sealer, piece = StreamSealer(KEY, b""), bytes(100_000)
    sealer.update(piece)
    tracemalloc.start()
    for _ in range(300):
        sealer.update(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
