"""An authority file with its administrators' keys, for tests of every layer."""

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from identity.authority.file import AuthorityFile, read
from identity.authority.signing import sign
from identity.signatures.person import public_of

MEMBER = "0x" + "0a" * 32


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


class Administrators:
    """Two administrators, one with each kind of key; both must sign."""

    def __init__(self, member: str = MEMBER) -> None:
        self.member = member
        self.keys: list[PrivateKeyTypes] = [p256_key(), Ed25519PrivateKey.generate()]

    def rows(self) -> list[dict[str, str]]:
        return [
            {"subject": f"admin-{n}", "algorithm": algorithm, "public_key": "0x" + public.hex()}
            for n, (algorithm, public) in enumerate(map(public_of, self.keys))
        ]

    def draft(self, number: int = 1, **parts: Any) -> dict[str, Any]:
        return {
            "authority": 1,
            "member": self.member,
            "number": number,
            "administrators": self.rows(),
            "threshold": 2,
            "subjects": [],
            **parts,
        }

    def signed(self, draft: dict[str, Any], keys: Sequence[Any] | None = None) -> dict[str, Any]:
        file = read(draft)
        return {**draft, "signatures": [sign(file, key) for key in keys or self.keys]}

    def file(self, number: int = 1, **parts: Any) -> AuthorityFile:
        return read(self.signed(self.draft(number, **parts)))


def subject(name: str, *roles: str, **parts: Any) -> dict[str, Any]:
    return {"subject": name, "kind": "person", "roles": list(roles), **parts}


def certificate_key(key: PrivateKeyTypes, **parts: Any) -> dict[str, Any]:
    algorithm, public = public_of(key)
    return {
        "kind": "certificate",
        "algorithm": algorithm,
        "public_key": "0x" + public.hex(),
        **parts,
    }
