"""What operators see of commands and relays, and how they end what waits."""

import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import select
from support.office_node import OTHER, Office

from node.commands.states import move
from node.store.audit import AuditRow
from node.store.commands import Command, Relayer, RelayTransaction

NOW = int(time.time())


@pytest.fixture
def command(client: httpx.Client, member: Office) -> str:
    headers = member.bearer("admin") | {"Idempotency-Key": uuid4().hex}
    return str(client.post("/v1/profile", json={"profile": OTHER}, headers=headers).json()["id"])


@pytest.fixture
def relay(member: Office) -> RelayTransaction:
    row = RelayTransaction(
        relayer="0x" + "0e" * 20, nonce=time.monotonic_ns(), contract="Membership", raw=b"\x02",
        hash="0x" + uuid4().hex * 2, acts=1, created_at=NOW, said="txpool is full",
    )  # fmt: skip
    with member.node.db.begin() as session:
        session.merge(Relayer(address=row.relayer, name="relay", state="ready", since=NOW))
        session.add(row)
    return row


def ask(
    client: httpx.Client, member: Office, method: str, path: str, role: str = "admin", **more: Any
) -> httpx.Response:
    return client.request(method, path, headers=member.bearer(role), **more)


def put_in(member: Office, command: str, state: str, relay: int | None = None) -> None:
    with member.node.db.begin() as session:
        row = session.exec(select(Command).where(Command.id == command)).one()
        row.relay = relay
        move(session, row, state, NOW)


def explained(client: httpx.Client, member: Office, command: str) -> list[dict[str, Any]]:
    answer = ask(client, member, "GET", f"/v1/commands/{command}/explanation")
    return list(answer.json()["waits_for"])


def test_commands_are_listed_by_state_the_latest_first(
    client: httpx.Client, member: Office, command: str
) -> None:
    put_in(member, command, "signed")
    listed = ask(client, member, "GET", "/v1/commands", params={"state": "accepted"}).json()
    assert listed["commands"][0]["id"] == command
    page = ask(client, member, "GET", "/v1/commands", params={"before": command}).json()
    assert command not in [one["id"] for one in page["commands"]]


def test_a_command_says_what_it_waits_for_at_each_state(
    client: httpx.Client, member: Office, command: str, relay: RelayTransaction
) -> None:
    assert [one["code"] for one in explained(client, member, command)] == ["SIGNATURE_WAITS"]
    put_in(member, command, "signed")
    assert [one["code"] for one in explained(client, member, command)] == ["RELAY_WAITS"]
    put_in(member, command, "relayed", relay.number)
    (reason,) = explained(client, member, command)
    assert (reason["code"], reason["facts"]["ledger_said"]) == ("FINALITY_WAITS", "txpool is full")
    put_in(member, command, "final")
    assert explained(client, member, command) == []


def test_a_command_that_is_not_on_its_way_can_be_cancelled_and_the_audit_says_by_whom(
    client: httpx.Client, member: Office, command: str
) -> None:
    ended = ask(client, member, "POST", f"/v1/commands/{command}/cancel", json={}).json()
    assert (ended["state"], ended["refusal"]["code"]) == ("refused", "COMMAND_CANCELLED")
    with member.node.db.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.command == command)).all()
    assert ("CancelCommand", "admin@shipper") in [(row.verb, row.subject) for row in rows]


@pytest.mark.parametrize("state", ["relayed", "final"])
def test_a_command_that_is_on_its_way_or_at_its_end_cannot_be_cancelled(
    client: httpx.Client, member: Office, command: str, state: str
) -> None:
    put_in(member, command, state)
    answer = ask(client, member, "POST", f"/v1/commands/{command}/cancel", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "COMMAND_NOT_CANCELLABLE")


def test_relays_are_listed_with_what_the_ledger_said(
    client: httpx.Client, member: Office, relay: RelayTransaction
) -> None:
    told = ask(client, member, "GET", "/v1/relays", role="auditor").json()
    assert [key["name"] for key in told["relayers"]] == ["relay"]
    assert told["relayers"][0]["open"] >= 1
    assert told["transactions"][0]["ledger_said"] == "txpool is full"


def test_an_open_relay_can_be_cancelled_and_one_that_has_its_end_cannot(
    client: httpx.Client, member: Office, relay: RelayTransaction
) -> None:
    path = f"/v1/relays/{relay.number}/cancel"
    assert ask(client, member, "POST", path, json={}).json()["cancelled_by"] == "admin@shipper"
    with member.node.db.begin() as session:
        session.get_one(RelayTransaction, relay.number).state = "done"
    answer = ask(client, member, "POST", path, json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "RELAY_NOT_OPEN")


def test_only_an_admin_cancels(client: httpx.Client, member: Office, command: str) -> None:
    for role in ("clerk", "auditor"):
        answer = ask(client, member, "POST", f"/v1/commands/{command}/cancel", role, json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_NOT_ALLOWED")
