"""Files and legal holds on the command line, against a running node."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support import command_line
from support.office_node import OTHER, Office
from support.peers import bill_number, make_bill

from node.documents.registry import TRANSPORT_DOCUMENT

CONTENT = os.urandom(3_000_000)


@pytest.fixture
def root(member: Office) -> str:
    with member.node.db.begin() as session:
        bill = make_bill(bill_number())
        return member.node.documents.store_own(session, bill, TRANSPORT_DOCUMENT).root


class Person:
    """Somebody at the command line, with the token of a role."""

    def __init__(self, address: str, member: Office) -> None:
        self._address = address
        self._member = member

    def says(self, *words: str, role: str = "clerk") -> subprocess.CompletedProcess[str]:
        environment = {"LADING_API": self._address, "LADING_TOKEN": self._member.tokens[role]}
        return command_line.lading(*words, environment=os.environ | environment)

    def does(self, *words: str, role: str = "clerk") -> Any:
        told = self.says(*words, "--json", role=role)
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)


@pytest.fixture
def person(address: str, member: Office) -> Person:
    return Person(address, member)


def test_a_file_is_put_listed_and_got(person: Person, root: str, tmp_path: Path) -> None:
    file, copy = tmp_path / "检验 survey.pdf", tmp_path / "copy.pdf"
    file.write_bytes(CONTENT)
    kept = person.does("files", "put", root, str(file))
    assert (kept["name"], kept["media_type"]) == ("检验 survey.pdf", "application/pdf")
    (listed,) = person.does("files", "list", root, role="auditor")["attachments"]
    assert listed["id"] == kept["id"]
    told = person.says("files", "get", root, kept["id"], "--out", str(copy), role="auditor")
    assert (told.returncode, copy.read_bytes()) == (0, CONTENT), told.stderr
    assert told.stdout.startswith("3000000 bytes in ")
    again = person.says("files", "get", root, kept["id"], "--out", str(copy), role="auditor")
    assert (again.returncode, again.stderr.partition(":")[0]) == (2, "FILE_EXISTS")


def test_a_file_that_is_not_there_leaves_nothing(person: Person, root: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    told = person.says("files", "get", root, OTHER, "--out", str(copy), role="auditor")
    assert (told.returncode, told.stderr.partition(":")[0]) == (1, "NOT_FOUND")
    assert not copy.exists()
    told = person.says("files", "put", root, str(tmp_path / "none"))
    assert (told.returncode, told.stderr.partition(":")[0]) == (2, "FILE_NOT_USABLE")


def test_a_hold_is_set_listed_and_lifted_and_stops_a_deletion(person: Person, root: str) -> None:
    hold = person.does("holds", "set", root, "--reason", "case 2026/17", role="admin")
    (listed,) = person.does("holds", "list", root, role="admin")["holds"]
    assert listed == hold
    told = person.says("files", "delete", root, "--reason", "old", role="admin")
    assert (told.returncode, told.stderr.partition(":")[0]) == (1, "ON_LEGAL_HOLD")
    lifted = person.says("holds", "lift", root, hold["id"], "--reason", "settled", role="admin")
    assert (lifted.returncode, lifted.stdout.split()[:2]) == (0, ["the", "hold"]), lifted.stderr
    told = person.says("files", "delete", root, "--reason", "old", role="admin")
    assert (told.returncode, told.stderr.partition(":")[0]) == (1, "RETENTION_NOT_OVER")
