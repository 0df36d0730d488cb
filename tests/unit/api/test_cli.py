"""The command line: exit codes, errors in two lines or one JSON value, lazy starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.errors import exit_code_of
from api.cli.output import fields, table
from device_oracles.errors import MemberUnavailable, RightNotReady
from identity.errors import ActMalformed, RateExceeded, SignerUnavailable
from node.errors import LedgerUnavailable, NotAllowed
from privacy.errors import NotJson

LADING = Path(sys.executable).with_name("lading")


def lading(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LADING, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotAllowed("X", "a"), 1),
        (RateExceeded("a"), 1),
        (RightNotReady("a"), 1),
        (NotJson("a"), 2),
        (ActMalformed("a"), 2),
        (LedgerUnavailable("a"), 3),
        (SignerUnavailable("a"), 3),
        (MemberUnavailable("a"), 3),
    ],
)
def test_every_branch_of_the_error_trees_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_an_error_is_told_as_code_sentence_and_what_to_do() -> None:
    told = lading("title", "show", "0x00")
    assert told.returncode == 2
    assert told.stderr.startswith("CLIENT_NOT_SET_UP: ")
    assert len(told.stderr.splitlines()) == 2


def test_with_json_an_error_is_one_json_value() -> None:
    told = lading(
        "title", "show", "0x00", "--json", LADING_API="http://127.0.0.1:9", LADING_TOKEN="t" * 20
    )
    assert told.returncode == 3
    assert told.stdout == ""
    assert set(json.loads(told.stderr)) == {"code", "detail", "what_to_do"}


def test_a_command_that_is_none_is_wrong_use() -> None:
    assert lading("nonsense").returncode == 2


def test_an_evidence_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    assert lading("verify", str(tmp_path / "none.json")).returncode == 2


def test_the_command_line_loads_neither_node_nor_web_frameworks_at_start() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, api.cli.main; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    heavy = {"node", "web3", "fastapi", "sqlmodel", "eth", "httpx", "device_oracles"}
    assert not heavy & set(loaded)


def test_rows_and_fields_are_told_in_words() -> None:
    assert table([], ["a"]) == "none"
    assert table([{"a": 1, "b": None}], ["a", "b"]) == "a  b\n1  -"
    assert fields({"a": {"b": True}, "c": [{"d": 1}]}) == "a:\n  b: yes\nc:\n  d: 1"
