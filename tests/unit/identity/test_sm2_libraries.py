"""OpenSSL and GmSSL say the same of every SM2 signature, good and bad."""

import ctypes
import gc
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gmssl_pyx import sm2_key_generate

from identity.signatures import libcrypto, sm2
from identity.signatures.encoding import raw_to_der
from identity.signatures.libcrypto import KEYS_KEPT, Verifier
from identity.signatures.sm2 import Sm2Key

VECTORS = json.loads(Path("tests/data/signatures/national.json").read_bytes())
STANDARD = {name: bytes.fromhex(v) for name, v in VECTORS["sm2_signature"].items()}
KEY = Sm2Key.generate()
SOURCE = random.Random(20261123)


def openssl() -> Verifier:
    found = libcrypto.verifier()
    assert found is not None, "Debian's OpenSSL 3 has SM2"
    return found


VERIFIERS = {"openssl": openssl(), "gmssl": sm2.holds_by_gmssl}


@pytest.fixture(params=VERIFIERS)
def holds(request: pytest.FixtureRequest) -> Verifier:
    return VERIFIERS[request.param]


def signed(message: bytes) -> tuple[bytes, bytes]:
    """A digest, and a signature r ‖ s over it by KEY."""
    return sm2.digest(KEY.public, message, sm2.DEFAULT_USER_ID), KEY.sign(message)


def test_the_standards_signature_holds(holds: Verifier) -> None:
    der = raw_to_der(STANDARD["r"] + STANDARD["s"])
    assert holds(STANDARD["public"], STANDARD["e"], der)
    assert not holds(KEY.public, STANDARD["e"], der)


def test_what_was_signed_holds_for_its_digest_alone(holds: Verifier) -> None:
    for number in range(50):
        digest, raw = signed(number.to_bytes(32, "big"))
        assert holds(KEY.public, digest, raw_to_der(raw))
        other = digest[:-1] + bytes([digest[-1] ^ 1])
        assert not holds(KEY.public, other, raw_to_der(raw))


def test_a_signature_whose_numbers_make_the_order_is_refused(holds: Verifier) -> None:
    digest, raw = signed(b"a")
    r = int.from_bytes(raw[:32], "big")
    assert not holds(KEY.public, digest, raw_to_der(raw[:32] + (sm2.ORDER - r).to_bytes(32, "big")))


def test_both_say_the_same_of_damaged_signatures() -> None:
    digest, raw = signed(b"b")
    for _ in range(400):
        bad = bytearray(raw)
        bad[SOURCE.randrange(64)] ^= 1 << SOURCE.randrange(8)
        told = {
            name: one(KEY.public, digest, raw_to_der(bytes(bad))) for name, one in VERIFIERS.items()
        }
        assert told == {"openssl": False, "gmssl": False}, bytes(bad).hex()


@pytest.mark.parametrize(
    "der", [b"", b"\x30", b"\x30\x00", b"\x00" * 70, b"\x30\x06\x02\x01\x00\x02\x01\x00"]
)
def test_what_is_no_signature_is_refused(holds: Verifier, der: bytes) -> None:
    assert not holds(KEY.public, signed(b"c")[0], der)


def test_a_refusal_leaves_no_error_behind_for_the_next_tls_connection() -> None:
    library = ctypes.CDLL(libcrypto.NAME)
    library.ERR_peek_error.restype = ctypes.c_ulong
    digest, raw = signed(b"d")
    assert not VERIFIERS["openssl"](KEY.public, digest, raw_to_der(raw)[:-1])
    assert library.ERR_peek_error() == 0


def test_keys_that_are_no_longer_kept_are_read_again_while_others_verify() -> None:
    kept = [Sm2Key.generate() for _ in range(3)]
    digest, raw = signed(b"e")
    der, own = raw_to_der(raw), openssl()
    keys = [sm2_key_generate()[0] for _ in range(KEYS_KEPT + 10)]

    def push_out(public: bytes) -> bool:
        return own(b"\x04" + public, digest, der)

    with ThreadPoolExecutor(4) as pool:
        others = pool.map(push_out, keys)
        assert all(own(KEY.public, digest, der) for _ in range(200))
        assert not any(others)
    gc.collect()
    assert own(KEY.public, digest, der)
    assert not any(own(k.public, digest, der) for k in kept)


def test_a_system_without_openssl_3_has_no_verifier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libcrypto, "NAME", "libcrypto.so.none")
    assert libcrypto.verifier() is None
