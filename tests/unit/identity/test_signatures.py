"""One interface to sign and verify: every algorithm, and what each refuses."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.errors import AlgorithmRefused, Invalid, KeyMalformed, SignatureInvalid
from identity.keys.secp256k1 import ORDER, SigningKey
from identity.signatures import sm2
from identity.signatures.algorithms import Algorithm, Curve, VerifyingKey
from identity.signatures.encoding import check_raw, raw_from_der, raw_to_der
from identity.signatures.sm2 import Sm2Key
from identity.signatures.verify import P256_ORDER, PrivateKey, sign, verify

MESSAGE = bytes(range(32))
P256_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
ED25519_KEY = Ed25519PrivateKey.generate()
SM2_KEY = Sm2Key.generate()
SECP256K1_KEY = SigningKey.generate()


def spki(key: object) -> VerifyingKey:
    return VerifyingKey.from_spki(
        key.public_key().public_bytes(  # type: ignore[attr-defined]
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


SECP256K1_PUBLIC = VerifyingKey(Curve.SECP256K1, SECP256K1_KEY.address)
SM2_PUBLIC = VerifyingKey(Curve.SM2, SM2_KEY.public)
PAIRS: dict[Algorithm, tuple[PrivateKey, VerifyingKey]] = {
    Algorithm.SECP256K1: (SECP256K1_KEY, SECP256K1_PUBLIC),
    Algorithm.P256: (P256_KEY, spki(P256_KEY)),
    Algorithm.ES256: (P256_KEY, spki(P256_KEY)),
    Algorithm.ED25519: (ED25519_KEY, spki(ED25519_KEY)),
    Algorithm.PS256: (RSA_KEY, spki(RSA_KEY)),
    Algorithm.RS256: (RSA_KEY, spki(RSA_KEY)),
    Algorithm.SM2: (SM2_KEY, SM2_PUBLIC),
}


@pytest.mark.parametrize("algorithm", Algorithm)
def test_what_a_key_signs_holds_and_says_by_which_key_and_when(algorithm: Algorithm) -> None:
    private, public = PAIRS[algorithm]
    verified = verify(algorithm, public, MESSAGE, sign(algorithm, private, MESSAGE), 7)
    assert verified.algorithm is algorithm
    assert verified.key_id == public.id
    assert (verified.at, verified.certificate, verified.revocation) == (7, None, "not asked")


@pytest.mark.parametrize("algorithm", Algorithm)
def test_another_message_is_refused(algorithm: Algorithm) -> None:
    private, public = PAIRS[algorithm]
    signature = sign(algorithm, private, MESSAGE)
    with pytest.raises(SignatureInvalid):
        verify(algorithm, public, MESSAGE[::-1], signature, 0)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_every_changed_bit_is_refused(algorithm: Algorithm) -> None:
    private, public = PAIRS[algorithm]
    signature = sign(algorithm, private, MESSAGE)
    for place in range(0, 8 * len(signature), 7):
        changed = bytearray(signature)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(SignatureInvalid):
            verify(algorithm, public, MESSAGE, bytes(changed), 0)


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + b"\x00", lambda _: b""])
def test_another_length_is_refused(algorithm: Algorithm, change: Callable[[bytes], bytes]) -> None:
    private, public = PAIRS[algorithm]
    with pytest.raises(SignatureInvalid):
        verify(algorithm, public, MESSAGE, change(sign(algorithm, private, MESSAGE)), 0)


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("other", Algorithm)
def test_a_key_is_used_with_its_own_algorithms_alone(
    algorithm: Algorithm, other: Algorithm
) -> None:
    private, public = PAIRS[algorithm]
    if PAIRS[other][1].curve is public.curve:
        return
    with pytest.raises(AlgorithmRefused):
        verify(other, public, MESSAGE, sign(algorithm, private, MESSAGE), 0)
    with pytest.raises(AlgorithmRefused):
        sign(other, private, MESSAGE)


@pytest.mark.parametrize("name", ["none", "None", "HS256", "ES512", "", None, 7, ["SM2"]])
def test_a_name_that_is_no_algorithm_is_refused(name: object) -> None:
    with pytest.raises(AlgorithmRefused):
        Algorithm.named(name)


def upper_half(signature: bytes, order: int) -> bytes:
    s = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big")


def test_the_second_form_of_a_signature_is_refused_where_lading_makes_the_first() -> None:
    signature = sign(Algorithm.P256, P256_KEY, MESSAGE)
    other = upper_half(signature, P256_ORDER)
    verify(Algorithm.ES256, spki(P256_KEY), MESSAGE, other, 0)
    with pytest.raises(SignatureInvalid, match="upper half"):
        verify(Algorithm.P256, spki(P256_KEY), MESSAGE, other, 0)
    act = SECP256K1_KEY.sign(MESSAGE)
    with pytest.raises(SignatureInvalid):
        verify(
            Algorithm.SECP256K1,
            SECP256K1_PUBLIC,
            MESSAGE,
            upper_half(act, ORDER) + bytes([55 - act[64]]),
            0,
        )


@dataclass(frozen=True)
class Family:
    algorithm: Algorithm
    order: int


FAMILIES = [
    Family(Algorithm.P256, P256_ORDER),
    Family(Algorithm.ES256, P256_ORDER),
    Family(Algorithm.SM2, sm2.ORDER),
]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.algorithm)
@pytest.mark.parametrize("place", [0, 32])
@pytest.mark.parametrize("offset", [None, 0, 1, -(2**255)])
def test_numbers_out_of_range_are_refused(family: Family, place: int, offset: int | None) -> None:
    private, public = PAIRS[family.algorithm]
    signature = sign(family.algorithm, private, MESSAGE)
    value = {None: 0, -(2**255): 2**256 - 1}.get(offset, family.order + (offset or 0))
    forged = signature[:place] + value.to_bytes(32, "big") + signature[place + 32 :]
    with pytest.raises(SignatureInvalid):
        verify(family.algorithm, public, MESSAGE, forged, 0)


def test_an_rsa_signature_of_the_modulus_or_more_is_refused() -> None:
    public = spki(RSA_KEY)
    signature = int.from_bytes(sign(Algorithm.RS256, RSA_KEY, MESSAGE), "big")
    second = signature + RSA_KEY.public_key().public_numbers().n
    if second < 2**2048:
        with pytest.raises(SignatureInvalid):
            verify(Algorithm.RS256, public, MESSAGE, second.to_bytes(256, "big"), 0)
    with pytest.raises(SignatureInvalid):
        verify(Algorithm.RS256, public, MESSAGE, b"\xff" * 256, 0)


def test_an_rsa_signature_of_one_padding_is_none_of_the_other() -> None:
    public = spki(RSA_KEY)
    for made, expected in ((Algorithm.RS256, Algorithm.PS256), (Algorithm.PS256, Algorithm.RS256)):
        with pytest.raises(SignatureInvalid):
            verify(expected, public, MESSAGE, sign(made, RSA_KEY, MESSAGE), 0)


def test_a_wrong_user_id_is_refused() -> None:
    signature = sign(Algorithm.SM2, SM2_KEY, MESSAGE, user_id=b"lading")
    verify(Algorithm.SM2, SM2_PUBLIC, MESSAGE, signature, 0, user_id=b"lading")
    for other in (sm2.DEFAULT_USER_ID, b"ladinG", b"l"):
        with pytest.raises(SignatureInvalid):
            verify(Algorithm.SM2, SM2_PUBLIC, MESSAGE, signature, 0, user_id=other)


@pytest.mark.parametrize("user_id", [b"", b"x" * 8192])
def test_a_user_id_that_cannot_be_stated_is_refused(user_id: bytes) -> None:
    with pytest.raises(KeyMalformed):
        sign(Algorithm.SM2, SM2_KEY, MESSAGE, user_id=user_id)
    with pytest.raises(KeyMalformed):
        verify(Algorithm.SM2, SM2_PUBLIC, MESSAGE, b"\x01" * 64, 0, user_id=user_id)


@pytest.mark.parametrize("curve", [Curve.SM2, Curve.P256])
@pytest.mark.parametrize(
    "point",
    [
        bytes(65),
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        SM2_KEY.public[:-1] + bytes([SM2_KEY.public[-1] ^ 1]),
        b"\x02" + SM2_KEY.public[1:33],
        SM2_KEY.public[1:],
        b"\x05" + SM2_KEY.public[1:],
        b"",
    ],
)
def test_points_off_the_curve_and_in_another_form_are_refused(curve: Curve, point: bytes) -> None:
    with pytest.raises(KeyMalformed):
        VerifyingKey(curve, point)


def test_a_point_of_one_curve_is_none_of_the_other() -> None:
    with pytest.raises(KeyMalformed):
        VerifyingKey(Curve.P256, SM2_KEY.public)
    with pytest.raises(KeyMalformed):
        VerifyingKey(Curve.SM2, spki(P256_KEY).public)


@pytest.mark.parametrize(
    "der",
    [b"", b"\x30", spki(P256_KEY).spki[:-1], spki(P256_KEY).spki + b"\x00", SM2_PUBLIC.spki[:-2]],
)
def test_a_key_that_is_cut_or_has_more_is_refused(der: bytes) -> None:
    with pytest.raises(KeyMalformed):
        VerifyingKey.from_spki(der)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 1024),
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(3, 2048),
    ],
)
def test_weak_and_other_keys_are_refused(key: object) -> None:
    with pytest.raises(KeyMalformed):
        spki(key)


@pytest.mark.parametrize("public", [pair[1] for pair in PAIRS.values()][1:])
def test_a_key_is_read_back_from_its_public_form(public: VerifyingKey) -> None:
    assert VerifyingKey.from_spki(public.spki) == public


def test_an_sm2_key_whose_halves_do_not_belong_together_is_refused() -> None:
    with pytest.raises(KeyMalformed, match="belong together"):
        Sm2Key(Sm2Key.generate().private, SM2_KEY.public)


@pytest.mark.parametrize(
    "private", [bytes(32), b"\xff" * 32, (sm2.ORDER - 1).to_bytes(32, "big"), b""]
)
def test_an_sm2_private_number_out_of_range_is_refused(private: bytes) -> None:
    with pytest.raises(KeyMalformed):
        Sm2Key(private, SM2_KEY.public)


def test_an_sm2_key_never_prints_its_secret() -> None:
    assert SM2_KEY.private.hex() not in repr(SM2_KEY)


NUMBERS = st.integers(min_value=1, max_value=sm2.ORDER - 1)


@given(r=NUMBERS, s=NUMBERS)
def test_raw_and_der_say_the_same(r: int, s: int) -> None:
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert raw_from_der(raw_to_der(raw), sm2.ORDER) == raw


@given(data=st.binary(max_size=80))
@settings(max_examples=500)
def test_no_bytes_but_the_one_form_are_read_as_der(data: bytes) -> None:
    try:
        raw = raw_from_der(data, sm2.ORDER)
    except Invalid:
        return
    assert raw_to_der(raw) == data


@pytest.mark.parametrize(
    "der",
    [
        "3006020100020101",  # r is 0
        "300602010102017f00",  # a byte behind
        "30070202000102017f",  # a zero that DER leaves out
        "3006028101020101",  # the long form of a length
        "3080020101020101",  # no length
        "3006020181020101",  # a negative r
        "3106020101020101",  # a set
        "3006030101020101",  # a bit string
        "30050201010201",  # cut
        "3004020102010102",  # an integer beyond the end
    ],
)
def test_no_other_form_of_der_is_read(der: str) -> None:
    with pytest.raises(SignatureInvalid):
        raw_from_der(bytes.fromhex(der), sm2.ORDER)


def test_a_raw_signature_has_64_bytes() -> None:
    with pytest.raises(SignatureInvalid):
        check_raw(b"\x01" * 63, sm2.ORDER)
    with pytest.raises(SignatureInvalid):
        check_raw(b"\x01" * 65, sm2.ORDER)
