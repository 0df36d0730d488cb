"""SM2, SM3 and SM4 against the standards' own examples, and against a second library."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmssl import sm2 as other
from gmssl import sm3 as other_sm3
from gmssl_pyx import sm2_decrypt, sm3_hash

from identity.signatures import sm2
from identity.signatures.sm2 import Sm2Key

VECTORS = json.loads(Path("tests/data/signatures/national.json").read_bytes())
SIGNATURE = {name: bytes.fromhex(v) for name, v in VECTORS["sm2_signature"].items()}


def test_the_hash_of_who_signs_is_the_standards() -> None:
    assert sm2.user_hash(SIGNATURE["public"], SIGNATURE["user_id"]) == SIGNATURE["za"]
    digest = sm2.digest(SIGNATURE["public"], SIGNATURE["message"], SIGNATURE["user_id"])
    assert digest == SIGNATURE["e"]


def test_the_standards_signature_holds() -> None:
    sm2.verify(
        SIGNATURE["public"],
        SIGNATURE["message"],
        SIGNATURE["r"] + SIGNATURE["s"],
        SIGNATURE["user_id"],
    )


def test_what_is_signed_here_holds_here_and_in_the_other_library() -> None:
    key = Sm2Key(SIGNATURE["private"], SIGNATURE["public"])
    signature = key.sign(SIGNATURE["message"], SIGNATURE["user_id"])
    sm2.verify(key.public, SIGNATURE["message"], signature, SIGNATURE["user_id"])
    second = other.CryptSM2(SIGNATURE["private"].hex(), SIGNATURE["public"].hex()[2:])
    assert second.verify(signature.hex(), SIGNATURE["e"])


def test_what_the_other_library_signs_holds_here() -> None:
    second = other.CryptSM2(SIGNATURE["private"].hex(), SIGNATURE["public"].hex()[2:])
    signature = bytes.fromhex(second.sign(SIGNATURE["e"], "1f" * 32))
    sm2.verify(SIGNATURE["public"], SIGNATURE["message"], signature, SIGNATURE["user_id"])


def test_the_standards_ciphertext_opens() -> None:
    case = {name: bytes.fromhex(v) for name, v in VECTORS["sm2_encryption"].items()}
    assert sm2_decrypt(case["private"], _der(case)) == case["message"]


@pytest.mark.parametrize("case", VECTORS["sm3"])
def test_sm3_gives_the_standards_hashes_in_three_libraries(case: dict[str, str]) -> None:
    message, expected = bytes.fromhex(case["message"]), case["hash"]
    third = hashes.Hash(hashes.SM3())
    third.update(message)
    assert sm3_hash(message).hex() == expected
    assert third.finalize().hex() == expected
    assert other_sm3.sm3_hash(list(message)) == expected


def test_sm4_gives_the_standards_blocks() -> None:
    case = VECTORS["sm4"]
    block = bytes.fromhex(case["block"])
    encryptor = Cipher(algorithms.SM4(bytes.fromhex(case["key"])), modes.ECB()).encryptor()
    block = encryptor.update(block)
    assert block.hex() == case["once"]
    for _ in range(999_999):
        block = encryptor.update(block)
    assert block.hex() == case["a_million_times"]


def _der(case: dict[str, bytes]) -> bytes:
    """Return C1C3C2 as GmSSL takes it: two integers and two octet strings (GM/T 0009)."""

    def item(tag: int, value: bytes) -> bytes:
        return bytes([tag, len(value)]) + value

    numbers = (case["c1"][1:33], case["c1"][33:])
    points = b"".join(item(2, b"\x00" * (n[0] >> 7) + n) for n in numbers)
    return item(0x30, points + item(4, case["c3"]) + item(4, case["c2"]))
