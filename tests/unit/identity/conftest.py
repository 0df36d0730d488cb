"""Keys that are costly to make, made once."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from identity.keys import kinds
from identity.keys.kinds import KeyKind


@pytest.fixture(scope="session")
def numbering_key() -> RSAPrivateKey:
    return kinds.rsa_key(kinds.generate(KeyKind.RSA3072))
