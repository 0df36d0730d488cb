"""Keys in a PKCS#11 token (an HSM, or SoftHSM in tests), which never leave it.

The token computes raw ECDSA over secp256k1 (CKM_ECDSA) and RSASSA-PKCS1-v1_5 with SHA-256; what
Ethereum wants besides, s in the lower half and the recovery number, is added here. Its nonces
are random, so the same act signed twice has two signatures of one digest.
"""

from pathlib import Path
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from eth_hash.auto import keccak
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import NoSuchKey, PinIncorrect, PKCS11Error
from pkcs11.util.ec import encode_named_curve_parameters

from identity.errors import (
    KeyExists,
    KeyMalformed,
    KeyMissing,
    SignatureInvalid,
    TokenUnavailable,
    WrongPassphrase,
)
from identity.keys.secp256k1 import ORDER, recover

PIN_VARIABLE = "LADING_TOKEN_PIN"
SECP256K1 = "1.3.132.0.10"
POINT_BYTES = 65


class Token:
    """An open session with one token; one thread at a time.

    Args:
        library: the vendor's PKCS#11 library.
        label: the token's.

    Raises:
        WrongPassphrase: the PIN is another.
        TokenUnavailable: no such library or token, or it does not answer.
    """

    def __init__(self, library: Path, label: str, pin: str, write: bool = False) -> None:
        try:
            self._session = (
                pkcs11.lib(str(library)).get_token(token_label=label).open(user_pin=pin, rw=write)
            )
        except PinIncorrect as error:
            raise WrongPassphrase(f"{PIN_VARIABLE} does not open the token {label}.") from error
        except (PKCS11Error, RuntimeError) as error:
            raise TokenUnavailable(f"The token {label} does not open.") from error

    def signing_key(self, name: str) -> "TokenSigningKey":
        """Return a secp256k1 key; raises KeyMissing, TokenUnavailable, KeyMalformed."""
        private = self._find(name, ObjectClass.PRIVATE_KEY, KeyType.EC)
        public = self._find(name, ObjectClass.PUBLIC_KEY, KeyType.EC)
        return TokenSigningKey(private, _address(public))

    def rsa_key(self, name: str) -> "TokenNumberingKey":
        """Return an RSA key that numbers bills; raises KeyMissing, TokenUnavailable."""
        return TokenNumberingKey(self._find(name, ObjectClass.PRIVATE_KEY, KeyType.RSA))

    def add(self, name: str) -> bytes:
        """Make a secp256k1 key in the token; return its address, 20 bytes.

        It cannot be read out of the token, nor copied from one that allows that.

        Raises: KeyExists, TokenUnavailable.
        """
        try:
            self._find(name, ObjectClass.PRIVATE_KEY, KeyType.EC)
        except KeyMissing:
            pass
        else:
            raise KeyExists(f"The token has a key called {name!r}.", name=name)
        try:
            curve = self._session.create_domain_parameters(
                KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters(SECP256K1)},
                local=True,
            )
            public, _ = curve.generate_keypair(
                store=True, label=name, id=name.encode(), mechanism=Mechanism.EC_KEY_PAIR_GEN
            )
        except PKCS11Error as error:
            raise TokenUnavailable("The token makes no secp256k1 key.") from error
        return _address(public)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _find(self, name: str, kind: ObjectClass, key_type: KeyType) -> Any:
        try:
            return self._session.get_key(object_class=kind, key_type=key_type, label=name)
        except NoSuchKey as error:
            raise KeyMissing(f"The token has no key called {name!r}.", name=name) from error
        except PKCS11Error as error:
            raise TokenUnavailable("The token does not answer.") from error


class TokenSigningKey:
    """A secp256k1 key in a token; signs as ``identity.keys.secp256k1.SigningKey`` does."""

    def __init__(self, private: Any, address: bytes) -> None:
        self._private = private
        self.address = address

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest; return r ‖ s ‖ v, 65 bytes, v 27 or 28, s in the lower half.

        Raises: SignatureInvalid, TokenUnavailable.
        """
        if len(digest) != 32:
            raise SignatureInvalid(f"A digest has 32 bytes, not {len(digest)}.")
        try:
            raw = bytes(self._private.sign(digest, mechanism=Mechanism.ECDSA))
        except PKCS11Error as error:
            raise TokenUnavailable("The token does not sign.") from error
        s = int.from_bytes(raw[32:], "big")
        low = raw[:32] + min(s, ORDER - s).to_bytes(32, "big")
        for v in (27, 28):
            signature = low + bytes([v])
            try:
                if recover(digest, signature) == self.address:
                    return signature
            except SignatureInvalid:
                continue
        raise TokenUnavailable("What the token signed is not its key's signature.")


class TokenNumberingKey:
    """An RSA key in a token, for RSASSA-PKCS1-v1_5 with SHA-256 alone."""

    def __init__(self, private: Any) -> None:
        self._private = private

    def sign(self, message: bytes, _padding: PKCS1v15, _algorithm: SHA256) -> bytes:
        """Return the signature of ``message``; raises TokenUnavailable."""
        try:
            return bytes(self._private.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS))
        except PKCS11Error as error:
            raise TokenUnavailable("The token does not sign.") from error


def _address(public: Any) -> bytes:
    """The Ethereum address of a token's public key, whose point is a DER octet string.

    Source: PKCS #11 version 3.1, section 6.3.3.
    """
    point = bytes(public[Attribute.EC_POINT])[-POINT_BYTES:]
    if len(point) != POINT_BYTES or point[0] != 4:
        raise KeyMalformed("The token's key is no point of secp256k1.")
    return keccak(point[1:])[-20:]
