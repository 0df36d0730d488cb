"""The operator's commands on people, sessions and clients, beside a node that runs."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import col, select
from support import command_line
from support.office_node import Office

from node.people import accounts
from node.store.audit import AuditRow


def lading(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return command_line.lading(*arguments, environment=os.environ)


def told(*arguments: object) -> Any:
    done = lading(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_account_is_made_listed_disabled_and_opened_again(
    client: httpx.Client, member: Office
) -> None:
    home = member.directory
    made = told("people", "add", home, "grace", "--role", "clerk", "--shown", "葛蕾丝")
    assert made["open"].endswith(f"/enrol#{made['code']}")
    listed = {row["name"]: row for row in told("people", "list", home)}
    assert listed["grace"]["shown"] == "葛蕾丝"
    assert (listed["grace"]["signs_in_by"], listed["grace"]["roles"]) == ("code", "clerk")

    told("people", "disable", home, "grace")
    assert client.post("/enrol", data={"code": made["code"]}).status_code == 401
    told("people", "enable", home, "grace")
    assert client.post("/enrol", data={"code": made["code"]}).status_code == 401
    again = told("people", "reset", home, "grace")
    assert client.post("/enrol", data={"code": again["code"]}).headers["location"] == "/security"

    (row,) = told("sessions", "list", home)
    assert (row["subject"], row["method"], row["address"]) == ("grace", "code", "127.0.0.1")
    assert client.get("/security").status_code == 200
    told("sessions", "end", home, row["id"])
    assert client.get("/security").status_code == 303
    told("people", "unlock", home, "grace")

    with member.node.db.read() as session:
        rows = session.exec(select(AuditRow).where(col(AuditRow.subject) == accounts.OPERATOR))
        done = [(each.verb, each.object) for each in rows if each.verb != "EndSession"]
    assert done == [
        (verb, "grace")
        for verb in (
            "AddAccount", "DisableAccount", "EnableAccount", "ResetAccount", "UnlockAccount",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (("people", "add", "{}", "Ada Lovelace"), "NAME_INVALID", 2),
        (("people", "add", "{}", "ada", "--role", "king"), "ROLE_UNKNOWN", 2),
        (("people", "disable", "{}", "nobody"), "ACCOUNT_UNKNOWN", 1),
        (("people", "reset", "{}", "nobody"), "ACCOUNT_UNKNOWN", 1),
        (("sessions", "end", "{}", "0" * 16), "SESSION_UNKNOWN", 1),
        (("clients", "remove", "{}", "nobody"), "CLIENT_UNKNOWN", 1),
        (("clients", "add", "{}", "erp", "--key", "/dev/null"), "CLIENT_KEY_INVALID", 2),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code(
    member: Office, arguments: tuple[str, ...], code: str, exit_code: int
) -> None:
    done = lading(*(each.format(member.directory) for each in arguments), "--json")
    assert done.returncode == exit_code, done.stderr
    assert json.loads(done.stderr)["code"] == code


def test_a_client_is_registered_by_its_public_key(member: Office, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "key.pem").write_bytes(
        key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    home, given = member.directory, ("--key", tmp_path / "key.pem", "--role", "gate")
    made = told("clients", "add", home, "lane-7", *given)
    assert made["token_endpoint"].endswith("/oauth/token")
    assert told("clients", "list", home) == [{"name": "lane-7", "roles": "gate", "key": "EC"}]
    twice = lading("clients", "add", home, "lane-7", *given, "--json")
    assert json.loads(twice.stderr)["code"] == "ACCOUNT_EXISTS"
    told("clients", "remove", home, "lane-7")
    assert told("clients", "list", home) == []


def test_a_code_that_is_a_day_old_opens_nothing(client: httpx.Client, member: Office) -> None:
    with member.node.db.begin() as session:
        code = accounts.add(session, "old", "Old", [], int(time.time()) - accounts.CODE_SECONDS)
    assert client.post("/enrol", data={"code": code}).status_code == 401
