"""Signatures of acts and statements: one form each, the same bytes every time."""

import pytest
from eth_account import Account
from eth_keys import keys as eth_keys
from hypothesis import given
from hypothesis import strategies as st

from identity.errors import KeyMalformed, SignatureInvalid
from identity.keys import secp256k1
from identity.keys.secp256k1 import ORDER, SigningKey

KEY = SigningKey(b"\x01" * 32)
digests = st.binary(min_size=32, max_size=32)


@given(st.integers(1, ORDER - 1), digests)
def test_the_signer_is_recovered_and_is_who_ethereum_says(secret: int, digest: bytes) -> None:
    private = secret.to_bytes(32, "big")
    key = SigningKey(private)
    signature = key.sign(digest)
    assert secp256k1.recover(digest, signature) == key.address
    assert key.address.hex() == Account.from_key(private).address[2:].lower()
    theirs = eth_keys.PrivateKey(private).sign_msg_hash(digest).to_bytes()
    assert signature == theirs[:64] + bytes([27 + theirs[64]])


def test_signing_twice_gives_the_same_bytes() -> None:
    assert KEY.sign(b"\x07" * 32) == SigningKey(KEY.private).sign(b"\x07" * 32)


@given(digests)
def test_the_second_form_of_a_signature_is_refused(digest: bytes) -> None:
    signature = KEY.sign(digest)
    s = ORDER - int.from_bytes(signature[32:64], "big")
    other = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(SignatureInvalid):
        secp256k1.recover(digest, other)


@pytest.mark.parametrize("signature", [b"", bytes(65), b"\xff" * 65, KEY.sign(bytes(32)) + b"\x00"])
def test_what_is_not_a_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        secp256k1.recover(bytes(32), signature)


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_only_27_and_28_are_taken_as_v(v: int) -> None:
    with pytest.raises(SignatureInvalid):
        secp256k1.recover(bytes(32), KEY.sign(bytes(32))[:64] + bytes([v]))


@pytest.mark.parametrize("private", [b"", b"\x01" * 31, bytes(32), ORDER.to_bytes(32, "big")])
def test_what_is_not_a_key_is_refused(private: bytes) -> None:
    with pytest.raises(KeyMalformed):
        SigningKey(private)


def test_a_key_does_not_print_itself() -> None:
    assert KEY.private.hex() not in repr(KEY)
    assert KEY.address.hex() in repr(KEY)


def test_a_key_id_is_the_address_left_padded() -> None:
    assert secp256k1.key_id(KEY.address) == bytes(12) + KEY.address
    with pytest.raises(KeyMalformed):
        secp256k1.key_id(bytes(32))


def test_without_coincurve_nothing_starts() -> None:
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['coincurve'] = None\n"
        "from identity.errors import CurveUnavailable\n"
        "try:\n import identity.keys.secp256k1\n"
        "except CurveUnavailable as error: print(error.code)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.strip() == b"CURVE_UNAVAILABLE"
