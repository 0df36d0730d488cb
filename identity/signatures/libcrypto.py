"""Whether an SM2 signature over a digest holds, by the system's OpenSSL 3.

Its verification takes 0.7 of GmSSL's time (``make bench-identity``). Reading a key takes longer
than verifying, so keys that were read are kept. Some distributions build OpenSSL without SM2;
``verifier`` then has nothing to give, and GmSSL does it.
"""

import ctypes
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from functools import lru_cache

NAME = "libcrypto.so.3"
KEYS_KEPT = 512
# SubjectPublicKeyInfo of id-ecPublicKey on the curve 1.2.156.10197.1.301; the point follows.
_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
# The base point, a key as good as any to see whether the library knows the curve.
_BASE = bytes.fromhex(
    "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)
Verifier = Callable[[bytes, bytes, bytes], bool]


def verifier() -> Verifier | None:
    """Return what tells whether a signature holds, given a public key (65 bytes, 04 ‖ x ‖ y, a
    point of the curve), the digest e (32 bytes) and the signature in DER; None where this system
    has no OpenSSL 3 with SM2.
    """
    try:
        library = _library()
    except (OSError, AttributeError):
        return None
    keys = lru_cache(maxsize=KEYS_KEPT)(lambda public: _Key(library, public))

    def holds(public: bytes, digest: bytes, der: bytes) -> bool:
        return keys(public).holds(digest, der)

    try:
        keys(_BASE)
    except ValueError:
        return None
    return holds


class _Key:
    """One public key that the library has read; freed with this object."""

    def __init__(self, library: ctypes.CDLL, public: bytes) -> None:
        self._library = library
        der = _HEAD + public
        start = c_char_p(der)
        self._key = library.d2i_PUBKEY(None, byref(start), len(der))
        if not self._key:
            library.ERR_clear_error()
            raise ValueError("OpenSSL does not read this SM2 key.")

    def __del__(self) -> None:
        if self._key:
            self._library.EVP_PKEY_free(self._key)

    def holds(self, digest: bytes, der: bytes) -> bool:
        library = self._library
        context = library.EVP_PKEY_CTX_new(self._key, None)
        if not context:
            raise MemoryError("OpenSSL gives no context.")
        try:
            if library.EVP_PKEY_verify_init(context) == 1:
                told = library.EVP_PKEY_verify(context, der, len(der), digest, len(digest))
            else:
                told = 0
        finally:
            library.EVP_PKEY_CTX_free(context)
        if told != 1:  # what it noted would be taken for a fault of the next TLS connection
            library.ERR_clear_error()
        return bool(told == 1)


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(NAME)
    for name, arguments, result in (
        ("d2i_PUBKEY", [c_void_p, POINTER(c_char_p), c_long], c_void_p),
        ("EVP_PKEY_free", [c_void_p], None),
        ("EVP_PKEY_CTX_new", [c_void_p, c_void_p], c_void_p),
        ("EVP_PKEY_CTX_free", [c_void_p], None),
        ("EVP_PKEY_verify_init", [c_void_p], c_int),
        ("EVP_PKEY_verify", [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t], c_int),
        ("ERR_clear_error", [], None),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    return library
