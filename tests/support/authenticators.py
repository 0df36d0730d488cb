"""An authenticator in software: makes passkeys and assertions as a browser hands them on.

Everything that a test may want to be wrong is an argument.
"""

import base64
import json
import os
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from identity.people.passkeys import RelyingParty

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(value: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """One passkey and its private key; ``count`` rises with every use, 0 stays 0."""

    handle: bytes
    count: int = 0
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, party: RelyingParty, options: str, **wrong: Any) -> str:
        """Answer a page's options for making a passkey."""
        public = self.key.public_key().public_numbers()
        cose = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        )
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        data = self._data(party, wrong.get("flags", PRESENT | VERIFIED | ATTESTED)) + attested
        response = {
            "clientDataJSON": encoded(_client_data("webauthn.create", party, options, wrong)),
            "attestationObject": encoded(
                cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
            ),
        }
        return self._answer(response)

    def get(self, party: RelyingParty, options: str, **wrong: Any) -> str:
        """Answer a page's options for an assertion."""
        self.count += self.count > 0
        data = self._data(party, wrong.get("flags", PRESENT | VERIFIED))
        client_data = _client_data("webauthn.get", party, options, wrong)
        signature = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(wrong.get("signature", signature)),
            "userHandle": encoded(wrong.get("handle", self.handle)),
        }
        return self._answer(response)

    def _data(self, party: RelyingParty, flags: int) -> bytes:
        return sha256(party.id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _answer(self, response: dict[str, str]) -> str:
        name = encoded(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _client_data(kind: str, party: RelyingParty, options: str, wrong: dict[str, Any]) -> bytes:
    said = {
        "type": wrong.get("type", kind),
        "challenge": wrong.get("challenge", json.loads(options)["challenge"]),
        "origin": wrong.get("origin", party.origin),
        "crossOrigin": False,
    }
    return json.dumps(said).encode()
