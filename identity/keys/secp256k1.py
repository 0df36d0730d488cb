"""secp256k1 keys, for acts, statements and relaying; it refuses to start without coincurve."""

import secrets

from eth_hash.auto import keccak

from identity.errors import CurveUnavailable, KeyMalformed, SignatureInvalid

try:
    from coincurve import PrivateKey, PublicKey
except ImportError as error:
    raise CurveUnavailable("coincurve is not installed.") from error

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PRIVATE_BYTES = 32


class SigningKey:
    """One private key; it never prints itself.

    Args:
        private: 32 bytes, a number from 1 to the curve's order less one.

    Raises:
        KeyMalformed: ``private`` is not such a number.
    """

    def __init__(self, private: bytes) -> None:
        if len(private) != PRIVATE_BYTES or not 0 < int.from_bytes(private, "big") < ORDER:
            raise KeyMalformed("A secp256k1 key is 32 bytes below the curve's order, and not 0.")
        self._key = PrivateKey(private)
        self.address = _address(self._key.public_key)

    def __repr__(self) -> str:
        return f"SigningKey(address=0x{self.address.hex()})"

    @staticmethod
    def generate() -> "SigningKey":
        """Return a new random key."""
        while True:
            private = secrets.token_bytes(PRIVATE_BYTES)
            if 0 < int.from_bytes(private, "big") < ORDER:
                return SigningKey(private)

    @property
    def private(self) -> bytes:
        """The 32 secret bytes, for the key store."""
        return bytes(self._key.secret)

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; return r ‖ s ‖ v, 65 bytes, v 27 or 28, s in the lower half.

        The nonce is RFC 6979's, so the same digest always gives the same bytes.
        """
        if len(digest) != 32:
            raise SignatureInvalid(f"A digest has 32 bytes, not {len(digest)}.")
        signature = self._key.sign_recoverable(digest, hasher=None)
        return bytes(signature[:64]) + bytes([27 + signature[64]])


def recover(digest: bytes, signature: bytes) -> bytes:
    """Return the address (20 bytes) whose key signed ``digest`` (32 bytes).

    Raises:
        SignatureInvalid: not 65 bytes, v not 27 or 28, r or s out of range, s in the upper half
            (EIP-2: each signature has one form), or no key gives this signature.
    """
    if len(digest) != 32 or len(signature) != 65 or signature[64] not in (27, 28):
        raise SignatureInvalid("A signature is r ‖ s ‖ v over 32 bytes, v 27 or 28.")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    if not (0 < r < ORDER and 0 < s <= ORDER // 2):
        raise SignatureInvalid("A signature's r or s is out of range.")
    recoverable = signature[:64] + bytes([signature[64] - 27])
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except ValueError as error:
        raise SignatureInvalid("No key gives this signature.") from error
    return _address(key)


def key_id(address: bytes) -> bytes:
    """Return the ledger's id of an act, relay or witness key: its address left-padded to 32."""
    if len(address) != 20:
        raise KeyMalformed(f"An address has 20 bytes, not {len(address)}.")
    return bytes(12) + address


def _address(key: PublicKey) -> bytes:
    return keccak(key.format(compressed=False)[1:])[-20:]
