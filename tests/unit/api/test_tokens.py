"""Bearer tokens: known by their hash, compared with every entry, ended without a restart."""

import hashlib
import json
from pathlib import Path

import pytest

from api.http.errors import CredentialMissing, CredentialUnknown, TokensUnavailable
from api.http.tokens import Tokens

TOKEN = "a-token-that-nobody-guesses"


def write(path: Path, *tokens: str) -> Tokens:
    rows = [
        {"subject": f"s{n}", "roles": ["clerk"], "sha256": hashlib.sha256(t.encode()).hexdigest()}
        for n, t in enumerate(tokens)
    ]
    path.write_text(json.dumps(rows))
    return Tokens(path)


def test_a_token_gives_its_subject_and_roles(tmp_path: Path) -> None:
    credential = write(tmp_path / "t", "another-token-of-this", TOKEN).of_header(f"Bearer {TOKEN}")
    assert (credential.subject, credential.roles) == ("s1", ("clerk",))


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", TOKEN])
def test_without_a_bearer_token_the_credential_is_missing(
    tmp_path: Path, header: str | None
) -> None:
    with pytest.raises(CredentialMissing):
        write(tmp_path / "t", TOKEN).of_header(header)


@pytest.mark.parametrize("token", ["", "short", "x" * 257, TOKEN + "x", "ü" * 20, TOKEN.upper()])
def test_another_token_is_unknown(tmp_path: Path, token: str) -> None:
    with pytest.raises(CredentialUnknown):
        write(tmp_path / "t", TOKEN).of_header(f"Bearer {token}")


def test_a_token_taken_from_the_list_ends_at_once(tmp_path: Path) -> None:
    tokens = write(tmp_path / "t", TOKEN)
    tokens.of_token(TOKEN)
    write(tmp_path / "new", "another-token-of-this")
    (tmp_path / "new").replace(tmp_path / "t")
    with pytest.raises(CredentialUnknown):
        tokens.of_token(TOKEN)


@pytest.mark.parametrize(
    "text", ["", "{", "{}", '[{"subject":"a"}]', '[{"subject":"a","roles":[],"sha256":"zz"}]']
)
def test_a_list_that_cannot_be_read_lets_nobody_in(tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises((TokensUnavailable, CredentialUnknown)):
        Tokens(tmp_path / "t").of_token(TOKEN)


def test_a_list_that_is_not_there_lets_nobody_in(tmp_path: Path) -> None:
    with pytest.raises(TokensUnavailable):
        Tokens(tmp_path / "t").of_token(TOKEN)
