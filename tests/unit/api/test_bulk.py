"""Several writes at once: each stands or falls alone, and all share one transaction."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import col, select
from support.office_node import OTHER, Office

from node.store.audit import AuditRow
from node.store.commands import Command, OutboxRow

PATH = "/v1/commands/bulk"


def register(key: str | None = None, **changes: Any) -> dict[str, Any]:
    body = {"key": OTHER, "kind": "scale", "port": 1, "calibrated_until": 1_893_456_000}
    return {"key": key or uuid4().hex, "verb": "RegisterDevice", "body": body | changes}


def sent(
    client: httpx.Client, member: Office, commands: Any, role: str = "admin", query: str = ""
) -> httpx.Response:
    return client.post(PATH + query, json={"commands": commands}, headers=member.bearer(role))


def answers(client: httpx.Client, member: Office, *commands: Any) -> list[dict[str, Any]]:
    answer = sent(client, member, list(commands))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["answers"])


def test_fifty_commands_are_taken_in_order_and_signed_as_one_piece_of_work(
    client: httpx.Client, member: Office
) -> None:
    asked = [register() for _ in range(50)]
    told = answers(client, member, *asked)
    assert [one["key"] for one in told] == [one["key"] for one in asked]
    assert {(one["status"], one["command"]["state"]) for one in told} == {(202, "accepted")}
    ids = [one["command"]["id"] for one in told]
    with member.node.db.read() as session:
        rows = session.exec(select(OutboxRow)).all()
        numbers = session.exec(
            select(Command.id).where(col(Command.id).in_(ids)).order_by(col(Command.number))
        ).all()
    assert [row.payload["commands"] for row in rows if ids[0] in row.payload["commands"]] == [ids]
    assert list(numbers) == ids


def test_one_refused_hurts_no_other_and_leaves_its_audit_row(
    client: httpx.Client, member: Office
) -> None:
    about = "0x" + uuid4().hex * 2
    wrong = {"key": uuid4().hex, "verb": "Withdraw", "body": {"title": about, "offer": OTHER}}
    first, refused, last = answers(client, member, register(), wrong, register())
    assert (first["status"], last["status"]) == (202, 202)
    assert (refused["status"], refused["problem"]["code"]) == (409, "OBJECT_UNKNOWN")
    with member.node.db.read() as session:
        (row,) = session.exec(select(AuditRow).where(AuditRow.object == about)).all()
    assert (row.verb, row.outcome, row.code) == ("Withdraw", "refused", "OBJECT_UNKNOWN")


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (5, "BODY_INVALID"),
        ({"key": "a-good-key", "verb": "Offer"}, "BODY_INVALID"),
        ({"key": "a-good-key", "verb": "Offer", "body": []}, "BODY_INVALID"),
        ({"key": "short", "verb": "Offer", "body": {}}, "IDEMPOTENCY_KEY_MALFORMED"),
        ({"key": "a-good-key", "verb": "Nothing", "body": {}}, "VERB_UNKNOWN"),
        ({"key": "a-good-key", "verb": "Offer", "body": {"more": 1}}, "BODY_INVALID"),
    ],
)
def test_one_in_another_form_is_told_so_alone(
    client: httpx.Client, member: Office, item: Any, code: str
) -> None:
    good, bad = answers(client, member, register(), item)
    assert good["status"] == 202
    assert bad["problem"]["code"] == code


def test_each_key_is_idempotent_also_inside_one_request(
    client: httpx.Client, member: Office
) -> None:
    key = uuid4().hex
    device = "0x" + uuid4().hex * 2
    same = register(key, device=device)
    first, again, other = answers(client, member, same, same, register(key))
    assert first["command"] == again["command"]
    assert (other["status"], other["problem"]["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    (later,) = answers(client, member, same)
    assert later["command"]["id"] == first["command"]["id"]


@pytest.mark.parametrize("commands", [[], [{}] * 51, {}, None, "x"])
def test_none_and_more_than_fifty_are_refused(
    client: httpx.Client, member: Office, commands: Any
) -> None:
    answer = sent(client, member, commands)
    assert (answer.status_code, answer.json()["code"]) == (422, "BODY_INVALID")


def test_a_role_that_may_not_is_refused_for_each(client: httpx.Client, member: Office) -> None:
    told = sent(client, member, [register(), register()], role="clerk").json()["answers"]
    assert [one["status"] for one in told] == [403, 403]


def test_it_waits_for_all_of_them(client: httpx.Client, member: Office) -> None:
    answer = sent(client, member, [register()], query="?wait=final&wait_seconds=1")
    assert [one["status"] for one in answer.json()["answers"]] == [202]
