"""A member's directory may hold its engine before it holds the member, and nothing else."""

from pathlib import Path

import pytest

from identity.acts.words import Role
from node.member import ENGINE, Addresses, create_member

ADDRESSES = Addresses("127.0.0.1", 1, 2, "http://127.0.0.1:3")
PASSPHRASES = {"signer": "a passphrase of some length", "node": "another one of some length"}


def test_a_member_moves_in_beside_its_engine_and_closes_the_door(tmp_path: Path) -> None:
    home = tmp_path / "bank"
    (home / ENGINE).mkdir(parents=True)
    home.chmod(0o755)
    create_member(home, ("Bank", "银行"), Role.BANK, ADDRESSES, PASSPHRASES)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "profile.json").exists()


def test_a_directory_that_holds_anything_else_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "bank"
    home.mkdir()
    (home / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError):
        create_member(home, ("Bank", "银行"), Role.BANK, ADDRESSES, PASSPHRASES)
