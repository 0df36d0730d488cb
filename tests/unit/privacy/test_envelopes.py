"""Envelopes: who can open them, and what is refused."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from privacy.envelopes import MAX_CONTENT_BYTES, Envelope, open_envelope, seal
from privacy.errors import (
    DocumentTooLarge,
    EnvelopeDoesNotOpen,
    InvalidEnvelopeKey,
    InvalidReader,
    MalformedEnvelope,
    NotAReader,
)

SHIPPER, BANK, STRANGER = ("0x" + digits * 32 for digits in ("aa", "0b", "cc"))
KEYS = {member: X25519PrivateKey.generate() for member in (SHIPPER, BANK, STRANGER)}
PUBLIC = {member: key.public_key().public_bytes_raw() for member, key in KEYS.items()}
READERS = {member: PUBLIC[member] for member in (SHIPPER, BANK)}


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_every_reader_opens_what_was_sealed_and_its_bytes_read_back(content, context) -> None:
    envelope = seal(content, READERS, context)
    assert Envelope.from_bytes(envelope.to_bytes()) == envelope
    for reader in READERS:
        assert open_envelope(envelope, reader, KEYS[reader], context) == content


def test_readers_are_listed_sorted_by_member_id() -> None:
    assert seal(b"", READERS, b"").readers == (BANK, SHIPPER)


def test_one_content_is_sealed_differently_each_time() -> None:
    one, other = (seal(b"content", READERS, b"") for _ in range(2))
    assert one.ciphertext != other.ciphertext
    assert one.nonce != other.nonce


def test_a_member_that_is_no_reader_is_refused() -> None:
    with pytest.raises(NotAReader):
        open_envelope(seal(b"x", READERS, b""), STRANGER, KEYS[STRANGER], b"")


def test_a_strangers_key_does_not_open_a_readers_part() -> None:
    with pytest.raises(EnvelopeDoesNotOpen):
        open_envelope(seal(b"x", READERS, b""), BANK, KEYS[STRANGER], b"")


def test_another_context_does_not_open() -> None:
    with pytest.raises(EnvelopeDoesNotOpen):
        open_envelope(seal(b"x", READERS, b"title 1"), BANK, KEYS[BANK], b"title 2")


def test_a_key_wrapped_for_one_reader_does_not_serve_under_another_name() -> None:
    envelope = seal(b"x", {BANK: PUBLIC[BANK]}, b"")
    renamed = replace(envelope, wrapped_keys={SHIPPER: envelope.wrapped_keys[BANK]})
    with pytest.raises(EnvelopeDoesNotOpen):
        open_envelope(renamed, SHIPPER, KEYS[BANK], b"")


@given(st.data())
def test_a_changed_byte_is_refused(data) -> None:
    sealed = seal(b"a bill of lading", {BANK: PUBLIC[BANK]}, b"")
    raw = bytearray(sealed.to_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MalformedEnvelope, NotAReader, EnvelopeDoesNotOpen)):
        open_envelope(Envelope.from_bytes(bytes(raw)), BANK, KEYS[BANK], b"")


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    for raw in (data, b"LDE1" + data, b"LDE1\x00\x01" + data[:130]):
        try:
            envelope = Envelope.from_bytes(raw)
        except MalformedEnvelope:
            continue
        assert envelope.to_bytes() == raw


def test_an_envelope_cut_at_any_place_is_refused() -> None:
    raw = seal(b"", READERS, b"").to_bytes()
    for size in range(len(raw)):
        with pytest.raises(MalformedEnvelope):
            Envelope.from_bytes(raw[:size])


def test_readers_twice_or_unsorted_are_refused() -> None:
    raw = seal(b"", READERS, b"").to_bytes()
    first, second = raw[6:118], raw[118:230]
    for entries in (first + first, second + first):
        with pytest.raises(MalformedEnvelope):
            Envelope.from_bytes(raw[:6] + entries + raw[230:])


@pytest.mark.parametrize("readers", [0, 257])
def test_no_reader_and_too_many_readers_are_refused(readers: int) -> None:
    with pytest.raises(InvalidReader):
        seal(b"", {f"0x{number:064x}": PUBLIC[BANK] for number in range(readers)}, b"")


@pytest.mark.parametrize("reader", ["", "aa" * 32, "0x" + "AA" * 32, "0x" + "aa" * 31, BANK + "\n"])
def test_an_id_that_is_no_member_id_is_refused(reader: str) -> None:
    with pytest.raises(InvalidReader):
        seal(b"", {reader: PUBLIC[BANK]}, b"")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\x01" + bytes(31)])
def test_a_short_key_and_a_point_of_low_order_are_refused(key: bytes) -> None:
    with pytest.raises(InvalidEnvelopeKey):
        seal(b"", {BANK: key}, b"")


def test_a_content_beyond_the_bound_is_refused() -> None:
    with pytest.raises(DocumentTooLarge):
        seal(bytes(MAX_CONTENT_BYTES + 1), READERS, b"")
