"""Statements: signed over their kind and canonical form, and nothing else recovers the signer."""

import hashlib

import pytest

from identity.errors import SignatureInvalid, StatementMalformed
from identity.keys.secp256k1 import SigningKey
from identity.signatures.statements import recover_statement, sign_statement, statement_digest

KEY = SigningKey(b"\x02" * 32)
BODY = {"height": 7, "block_hash": "0x00", "names": ["上海", "a"]}


def test_the_signer_is_recovered_whatever_the_order_of_keys() -> None:
    signature = sign_statement("anchor", BODY, KEY)
    assert recover_statement("anchor", dict(reversed(BODY.items())), signature) == KEY.address
    assert signature == sign_statement("anchor", BODY, KEY)


def test_the_digest_is_over_kind_and_canonical_json() -> None:
    canonical = '{"block_hash":"0x00","height":7,"names":["上海","a"]}'.encode()
    expected = hashlib.sha256(b"lading/anchor/1\x00" + canonical).digest()
    assert statement_digest("anchor", BODY) == expected


def test_another_kind_or_body_does_not_recover_the_signer() -> None:
    signature = sign_statement("anchor", BODY, KEY)
    for kind, body in (("status", BODY), ("anchor", {**BODY, "height": 8})):
        try:
            assert recover_statement(kind, body, signature) != KEY.address
        except SignatureInvalid:
            continue


@pytest.mark.parametrize("signature", [None, "", "0x", "0x" + "00" * 65, "0x" + "AB" * 65, 5])
def test_what_is_not_a_signature_is_refused(signature: object) -> None:
    with pytest.raises(SignatureInvalid):
        recover_statement("anchor", BODY, signature)


@pytest.mark.parametrize("kind", ["", "Anchor", "a/b", "a\x00", "-a", "a" * 33])
def test_a_kind_that_could_be_taken_for_another_is_refused(kind: str) -> None:
    with pytest.raises(StatementMalformed):
        sign_statement(kind, BODY, KEY)


@pytest.mark.parametrize("value", [2**53, float("nan"), "\ud800", b"x"])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(StatementMalformed):
        sign_statement("anchor", {"value": value}, KEY)
