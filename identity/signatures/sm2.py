"""SM2 signatures of GB/T 32918.2 over the curve of GB/T 32918.5, with SM3.

GmSSL signs and hashes; the system's OpenSSL verifies, where it has SM2, else GmSSL does.
The user id goes into every signature and is always stated: libraries differ in what they take
when none is given. Numbers and points are checked here before the library sees them. It wraps no
keys and derives none.
"""

import secrets
from functools import lru_cache

from gmssl_pyx import (
    GmsslInnerError,
    normalize_sm2_public_key,
    sm2_key_generate,
    sm2_sign_sm3_digest,
    sm2_verify_sm3_digest,
    sm3_hash,
)

from identity.errors import KeyMalformed, SignatureInvalid
from identity.signatures import libcrypto
from identity.signatures.encoding import check_raw, raw_from_der, raw_to_der

DEFAULT_USER_ID = b"1234567812345678"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
PRIVATE_BYTES = 32
PUBLIC_BYTES = 65
# The length of the user id in bits stands in two bytes (GB/T 32918.2 section 5.5).
MAX_USER_ID_BYTES = 0xFFFF // 8
_CURVE = bytes.fromhex(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


class Sm2Key:
    """One private key and its public point; it never prints itself.

    Args:
        private: 32 bytes, a number from 1 to the curve's order less two.
        public: 65 bytes, 04 ‖ x ‖ y.

    Raises:
        KeyMalformed: they are not such bytes, or do not belong together.
    """

    def __init__(self, private: bytes, public: bytes) -> None:
        if len(private) != PRIVATE_BYTES or not 0 < int.from_bytes(private, "big") < ORDER - 1:
            raise KeyMalformed("An SM2 key is 32 bytes below the curve's order less 1, and not 0.")
        self.public = check_public(public)
        self._private = private
        # The library signs with a pair that does not belong together and says nothing.
        probe = secrets.token_bytes(32)
        try:
            verify(self.public, probe, self.sign(probe))
        except SignatureInvalid as error:
            raise KeyMalformed("The SM2 key's two halves do not belong together.") from error

    def __repr__(self) -> str:
        return f"Sm2Key(public=0x{self.public.hex()})"

    @staticmethod
    def generate() -> "Sm2Key":
        """Return a new random key."""
        public, private = sm2_key_generate()
        return Sm2Key(private, b"\x04" + public)

    @property
    def private(self) -> bytes:
        """The 32 secret bytes, for the key store."""
        return self._private

    def sign(self, message: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
        """Return r ‖ s, 64 bytes, over ``message`` of any length; each call gives another.

        Raises:
            KeyMalformed: ``user_id`` is not 1 to 8,191 bytes.
        """
        der = sm2_sign_sm3_digest(self._private, digest(self.public, message, user_id))
        return raw_from_der(der, ORDER)


def verify(
    public: bytes, message: bytes, signature: bytes, user_id: bytes = DEFAULT_USER_ID
) -> None:
    """Return if ``signature``, r ‖ s of 64 bytes, is of ``message`` by ``public`` as ``user_id``.

    Raises:
        SignatureInvalid: it is not, or r or s is out of range.
        KeyMalformed: ``public`` is no point of the curve, or ``user_id`` not 1 to 8,191 bytes.
    """
    check_raw(signature, ORDER)
    hashed = digest(check_public(public), message, user_id)
    if not _holds(public, hashed, raw_to_der(signature)):
        raise SignatureInvalid("The SM2 signature does not hold.")


def holds_by_gmssl(public: bytes, hashed: bytes, der: bytes) -> bool:
    """Tell whether a signature in DER is of a digest by a checked key, as ``libcrypto`` does."""
    try:
        return bool(sm2_verify_sm3_digest(public[1:], hashed, der))
    except GmsslInnerError:
        return False


_holds = libcrypto.verifier() or holds_by_gmssl


def digest(public: bytes, message: bytes, user_id: bytes) -> bytes:
    """Return e = SM3(ZA ‖ message), 32 bytes (GB/T 32918.2 section 6.1); ``public`` is checked."""
    hashed: bytes = sm3_hash(user_hash(public, user_id) + message)
    return hashed


@lru_cache(maxsize=4096)
def user_hash(public: bytes, user_id: bytes) -> bytes:
    """Return ZA, 32 bytes: who signs, hashed with the curve (GB/T 32918.2 section 5.5).

    Raises:
        KeyMalformed: ``user_id`` is not 1 to 8,191 bytes.
    """
    if not 1 <= len(user_id) <= MAX_USER_ID_BYTES:
        raise KeyMalformed(f"An SM2 user id has 1 to {MAX_USER_ID_BYTES} bytes.")
    bits = (8 * len(user_id)).to_bytes(2, "big")
    hashed: bytes = sm3_hash(bits + user_id + _CURVE + public[1:])
    return hashed


@lru_cache(maxsize=4096)
def check_public(public: bytes) -> bytes:
    """Return ``public`` if it is a point of the curve, 04 ‖ x ‖ y, 65 bytes; else KeyMalformed."""
    if len(public) != PUBLIC_BYTES or public[0] != 4:
        raise KeyMalformed("An SM2 public key is 04 and two numbers, 65 bytes.")
    try:
        normalize_sm2_public_key(public)
    except GmsslInnerError as error:
        raise KeyMalformed("The SM2 public key is not a point of the curve.") from error
    return public
