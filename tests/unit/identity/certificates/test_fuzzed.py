"""Damaged certificates, lists and signatures: refused by their own errors, and nothing crashes.

10,000 by default; ``make fuzz-identity`` tries 100,000. What holds after the damage would be a
forgery. A seed names a run: LADING_FUZZ_SEED.
"""

import contextlib
import os
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support.authorities import NOW
from support.paths import Path

from identity.certificates.assembling import request
from identity.certificates.path import check_path, read_chain
from identity.certificates.purposes import Kind, Purpose
from identity.certificates.requests import key_of_request
from identity.certificates.revocation import read_list
from identity.errors import IdentityError
from identity.keys.secp256k1 import SigningKey
from identity.signatures import sm2
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.encoding import raw_from_der, raw_to_der
from identity.signatures.sm2 import Sm2Key
from identity.signatures.verify import PrivateKey, sign, verify

COUNT = int(os.environ.get("LADING_FUZZ", "10000"))
SEED = int(os.environ.get("LADING_FUZZ_SEED", "20261122"))
MESSAGE = b"m" * 32


def damaged(data: bytes, source: random.Random) -> bytes:
    """Return ``data`` changed in one to three places: bits, bytes, cuts, doublings, lengths."""
    changed = bytearray(data)
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(changed)) if changed else 0
        match source.randrange(7):
            case 0 if changed:
                changed[at] ^= 1 << source.randrange(8)
            case 1 if changed:
                changed[at] = source.choice((0, 1, 0x7F, 0x80, 0x81, 0x84, 0xFF))
            case 2:
                del changed[at : at + source.randint(1, 8)]
            case 3:
                changed[at:at] = source.randbytes(source.randint(1, 8))
            case 4:
                changed[at:at] = changed[at : at + source.randint(1, 64)]
            case 5:
                del changed[at:]
            case _:
                end = at + source.randint(1, 32)
                changed[at:end] = source.randbytes(len(changed[at:end]))
    return bytes(changed)


def refuses(act: Callable[[bytes], object], good: bytes, count: int, name: str) -> None:
    source = random.Random(f"{SEED}/{name}")
    for _ in range(count):
        bad = damaged(good, source)
        if bad == good:
            continue
        with contextlib.suppress(IdentityError):
            act(bad)
            pytest.fail(f"{name}: this was accepted: {bad.hex()}")


@pytest.fixture(scope="module", params=["p256", "sm2"])
def path(request: pytest.FixtureRequest) -> Path:
    if request.param == "sm2":
        return Path("sm2", Kind.ACTS, Purpose.ACTS)
    return Path("p256", Kind.PERSON, Purpose.PERSON)


@pytest.mark.timeout(1200)
def test_damaged_ends_and_authorities_are_refused(path: Path) -> None:
    trust = path.trust()
    end, issuing = (each.der for each in path.chain())

    def check_end(bad: bytes) -> None:
        check_path(read_chain([bad, issuing]), trust, NOW, path.purpose)

    def check_issuing(bad: bytes) -> None:
        check_path(read_chain([end, bad]), trust, NOW, path.purpose)

    check_path(read_chain([end, issuing]), trust, NOW, path.purpose)
    refuses(check_end, end, COUNT // 8, f"end {path.scheme}")
    refuses(check_issuing, issuing, COUNT // 8, f"issuing {path.scheme}")


@pytest.mark.timeout(1200)
def test_damaged_lists_do_not_say_that_anything_is_good(path: Path) -> None:
    root_list, issuing_list = path.lists()
    end, issuing = (each.der for each in path.chain())

    def check(bad: bytes) -> None:
        trust = path.trust([root_list, read_list(bad)])
        check_path(read_chain([end, issuing]), trust, NOW, path.purpose)

    refuses(check, issuing_list.der, COUNT // 16, f"list {path.scheme}")


@pytest.mark.timeout(1200)
def test_damaged_requests_are_refused(path: Path) -> None:
    refuses(key_of_request, request(path.end), COUNT // 16, f"request {path.scheme}")


SM2_KEY, ED25519_KEY = Sm2Key.generate(), Ed25519PrivateKey.generate()
P256_PATH, SECP256K1_KEY = ec.generate_private_key(ec.SECP256R1()), SigningKey.generate()
RSA_KEY = rsa.generate_private_key(65537, 2048)


def public(key: PrivateKey) -> VerifyingKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, Sm2Key):
        return VerifyingKey(Curve.SM2, key.public)
    if isinstance(key, SigningKey):
        return VerifyingKey(Curve.SECP256K1, key.address)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return VerifyingKey.from_spki(spki)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        (Algorithm.SECP256K1, SECP256K1_KEY),
        (Algorithm.P256, P256_PATH),
        (Algorithm.ED25519, ED25519_KEY),
        (Algorithm.PS256, RSA_KEY),
        (Algorithm.RS256, RSA_KEY),
        (Algorithm.SM2, SM2_KEY),
    ],
)
def test_damaged_signatures_are_refused(algorithm: Algorithm, key: PrivateKey) -> None:
    by, good = public(key), sign(algorithm, key, MESSAGE)
    refuses(lambda bad: verify(algorithm, by, MESSAGE, bad, 0), good, COUNT // 32, algorithm)


@pytest.mark.timeout(1200)
def test_damaged_der_signatures_are_refused() -> None:
    good = raw_to_der(SM2_KEY.sign(MESSAGE))
    refuses(
        lambda bad: sm2.verify(SM2_KEY.public, MESSAGE, raw_from_der(bad, sm2.ORDER)),
        good,
        COUNT // 16,
        "der",
    )


@pytest.mark.timeout(1200)
def test_damaged_public_keys_are_refused_or_verify_nothing() -> None:
    good = SM2_KEY.sign(MESSAGE)

    def check(bad: bytes) -> None:
        verify(Algorithm.SM2, VerifyingKey.from_spki(bad), MESSAGE, good, 0)

    refuses(check, public(SM2_KEY).spki, COUNT // 16, "key")
