"""The encrypted file that keeps private keys; docs/protocol/keys.md gives its format.

One file for each process that holds keys, readable by its owner alone. It never overwrites a
key, keeps no passphrase, and has one writer at a time.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.errors import KeyExists, KeyMissing, KeystoreUnavailable, WrongPassphrase
from identity.keys import kinds
from identity.keys.kinds import KeyKind
from identity.keys.secp256k1 import SigningKey
from identity.private_files import write_private
from identity.signatures.sm2 import Sm2Key

PASSPHRASE_VARIABLE = "LADING_KEYSTORE_PASSPHRASE"  # noqa: S105 (a name, no secret)
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
SALT_BYTES = 16
NONCE_BYTES = 12
FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """What a key store tells of a key without its passphrase; ``public`` as KeyKind says."""

    name: str
    kind: KeyKind
    purpose: str
    public: bytes


@dataclass(frozen=True)
class _Sealed:
    """Twelve bytes of nonce, and AES-256-GCM's ciphertext with its tag."""

    nonce: bytes
    ciphertext: bytes


def passphrase_from(environment: Mapping[str, str]) -> str:
    """Return the passphrase; raises KeystoreUnavailable when the variable is unset or empty."""
    passphrase = environment.get(PASSPHRASE_VARIABLE, "")
    if not passphrase:
        raise KeystoreUnavailable(f"{PASSPHRASE_VARIABLE} is not set.")
    return passphrase


class Keystore:
    """An open key store; ``create`` and ``open`` make one."""

    def __init__(self, path: Path, salt: bytes, key: bytes) -> None:
        self._path = path
        self._salt = salt
        self._cipher = AESGCM(key)
        self._check = self._seal(b"", _bound("check"))
        self._entries: dict[str, tuple[Entry, _Sealed]] = {}

    @staticmethod
    def create(path: Path, passphrase: str) -> "Keystore":
        """Write an empty key store at ``path``, mode 0600.

        Raises:
            KeyExists: there is a file already.
            KeystoreUnavailable: the file cannot be written.
        """
        if path.exists():
            raise KeyExists(f"There is a key store at {path} already.")
        salt = secrets.token_bytes(SALT_BYTES)
        store = Keystore(path, salt, _derive(passphrase, salt))
        store._write()
        return store

    @staticmethod
    def open(path: Path, passphrase: str) -> "Keystore":
        """Read the key store at ``path``; costs one scrypt, about a tenth of a second.

        Raises:
            KeystoreUnavailable: no file, not a key store, or open to other users.
            WrongPassphrase: the passphrase is another.
        """
        try:
            mode, text = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise KeystoreUnavailable(f"There is no readable key store at {path}.") from error
        if mode & 0o077:
            raise KeystoreUnavailable(f"{path} is open to other users; make it 0600.")
        try:
            store = Keystore._read(path, json.loads(text), passphrase)
        except (ValueError, KeyError, TypeError) as error:
            raise KeystoreUnavailable(f"{path} is not a key store of format {FORMAT}.") from error
        try:
            store._unseal(store._check, _bound("check"))
        except InvalidTag as error:
            raise WrongPassphrase(f"The passphrase does not open {path}.") from error
        return store

    @staticmethod
    def _read(path: Path, data: dict[str, Any], passphrase: str) -> "Keystore":
        salt = bytes.fromhex(data["kdf"]["salt"])
        if data["keystore"] != FORMAT or data["kdf"] != _kdf(salt.hex()):
            raise ValueError("another format")
        store = Keystore(path, salt, _derive(passphrase, salt))
        store._check = _sealed_from(data["check"])
        for item in data["entries"]:
            public = bytes.fromhex(item["public"])
            entry = Entry(item["name"], KeyKind(item["kind"]), item["purpose"], public)
            store._entries[entry.name] = (entry, _sealed_from(item))
        return store

    def entries(self) -> list[Entry]:
        """Return what the store holds, in the order it was added."""
        return [entry for entry, _ in self._entries.values()]

    def entry(self, name: str) -> Entry:
        """Return one entry; raises KeyMissing."""
        return self._find(name)[0]

    def add(self, name: str, kind: KeyKind, purpose: str, private: bytes | None = None) -> Entry:
        """Keep ``private``, or a new key of ``kind``, and write the file before returning.

        Raises:
            KeyExists: the name is taken.
            KeyMalformed: ``private`` is not a key of this kind.
            KeystoreUnavailable: the file cannot be written; the key is then not kept.
        """
        if name in self._entries:
            raise KeyExists(f"The key store has a key called {name!r}.", name=name)
        secret = kinds.generate(kind) if private is None else private
        entry = Entry(name, kind, purpose, kinds.public_of(kind, secret))
        self._entries[name] = (entry, self._seal(secret, _bound_of(entry)))
        try:
            self._write()
        except KeystoreUnavailable:
            del self._entries[name]
            raise
        return entry

    def signing_key(self, name: str) -> SigningKey:
        """Return a secp256k1 key; raises KeyMissing."""
        return SigningKey(self._private(name, KeyKind.SECP256K1))

    def ed25519_key(self, name: str) -> Ed25519PrivateKey:
        """Return an Ed25519 key; raises KeyMissing."""
        return kinds.ed25519_key(self._private(name, KeyKind.ED25519))

    def x25519_key(self, name: str) -> X25519PrivateKey:
        """Return an X25519 key; raises KeyMissing."""
        return kinds.x25519_key(self._private(name, KeyKind.X25519))

    def rsa_key(self, name: str) -> RSAPrivateKey:
        """Return an RSA-3072 key; raises KeyMissing."""
        return kinds.rsa_key(self._private(name, KeyKind.RSA3072))

    def p256_key(self, name: str) -> EllipticCurvePrivateKey:
        """Return a P-256 key; raises KeyMissing."""
        return kinds.p256_key(self._private(name, KeyKind.P256))

    def sm2_key(self, name: str) -> Sm2Key:
        """Return an SM2 key; raises KeyMissing."""
        return kinds.sm2_key(self._private(name, KeyKind.SM2))

    def _find(self, name: str) -> tuple[Entry, _Sealed]:
        if name not in self._entries:
            raise KeyMissing(f"The key store has no key called {name!r}.", name=name)
        return self._entries[name]

    def _private(self, name: str, kind: KeyKind) -> bytes:
        entry, sealed = self._find(name)
        if entry.kind is not kind:
            raise KeyMissing(f"The key {name!r} is {entry.kind}, not {kind}.", name=name)
        try:
            return self._unseal(sealed, _bound_of(entry))
        except InvalidTag as error:
            raise KeystoreUnavailable(f"The entry {name!r} of {self._path} was changed.") from error

    def _seal(self, secret: bytes, bound: bytes) -> _Sealed:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return _Sealed(nonce, self._cipher.encrypt(nonce, secret, bound))

    def _unseal(self, sealed: _Sealed, bound: bytes) -> bytes:
        return self._cipher.decrypt(sealed.nonce, sealed.ciphertext, bound)

    def _write(self) -> None:
        data = {
            "keystore": FORMAT,
            "kdf": _kdf(self._salt.hex()),
            "check": _sealed_to(self._check),
            "entries": [
                {
                    "name": entry.name,
                    "kind": str(entry.kind),
                    "purpose": entry.purpose,
                    "public": entry.public.hex(),
                    **_sealed_to(sealed),
                }
                for entry, sealed in self._entries.values()
            ],
        }
        try:
            write_private(self._path, json.dumps(data, indent=1).encode() + b"\n")
        except OSError as error:
            raise KeystoreUnavailable(
                f"The key store at {self._path} cannot be written."
            ) from error


def _derive(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, maxmem=2**26, dklen=32
    )


def _kdf(salt: str) -> dict[str, object]:
    return {"name": "scrypt", "n": SCRYPT_N, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt}


def _bound(what: str, *parts: str) -> bytes:
    """Return what a ciphertext is bound to, so that entries cannot change places."""
    return b"lading/keystore/1\x00" + rfc8785.dumps([what, *parts])


def _bound_of(entry: Entry) -> bytes:
    return _bound("key", entry.name, str(entry.kind), entry.purpose, entry.public.hex())


def _sealed_to(sealed: _Sealed) -> dict[str, str]:
    return {"nonce": sealed.nonce.hex(), "ciphertext": sealed.ciphertext.hex()}


def _sealed_from(data: Mapping[str, str]) -> _Sealed:
    return _Sealed(bytes.fromhex(data["nonce"]), bytes.fromhex(data["ciphertext"]))
