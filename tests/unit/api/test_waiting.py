"""A write's answer: at once, or when its command has come as far as the caller wants."""

import time
from threading import Timer
from uuid import uuid4

import httpx
from sqlmodel import select
from support.office_node import OTHER, Office

from node.commands.states import move
from node.store.commands import Command

PATH = "/v1/profile"


def sent(client: httpx.Client, member: Office, key: str, profile: str = OTHER, query: str = ""
         ) -> httpx.Response:  # fmt: skip
    headers = member.bearer("admin") | {"Idempotency-Key": key}
    return client.post(f"{PATH}{query}", json={"profile": profile}, headers=headers)


def put_in(member: Office, command: str, state: str) -> None:
    with member.node.db.begin() as session:
        row = session.exec(select(Command).where(Command.id == command)).one()
        move(session, row, state, int(time.time()))


def test_a_write_is_answered_at_once_with_202(client: httpx.Client, member: Office) -> None:
    answer = sent(client, member, uuid4().hex)
    assert (answer.status_code, answer.json()["state"]) == (202, "accepted")


def test_the_same_request_under_one_key_gives_the_first_answer_again(
    client: httpx.Client, member: Office
) -> None:
    key = uuid4().hex
    first, second = sent(client, member, key), sent(client, member, key)
    assert (second.status_code, second.json()) == (202, first.json())


def test_another_request_under_a_used_key_is_refused_with_409(
    client: httpx.Client, member: Office
) -> None:
    key = uuid4().hex
    first = sent(client, member, key).json()
    other = sent(client, member, key, "0x" + "0c" * 32)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert other.json()["facts"]["command"] == first["id"]


def test_a_signed_command_is_shown_as_accepted(client: httpx.Client, member: Office) -> None:
    command = sent(client, member, uuid4().hex).json()["id"]
    put_in(member, command, "signed")
    shown = client.get(f"/v1/commands/{command}", headers=member.bearer("admin"))
    assert shown.json()["state"] == "accepted"


def test_when_the_time_to_wait_is_up_the_answer_is_202_and_the_state_so_far(
    client: httpx.Client, member: Office
) -> None:
    begun = time.monotonic()
    answer = sent(client, member, uuid4().hex, query="?wait=final&wait_seconds=1")
    assert (answer.status_code, answer.json()["state"]) == (202, "accepted")
    assert 0.9 < time.monotonic() - begun < 5


def test_a_write_that_waits_is_answered_with_200_once_it_has_its_end(
    client: httpx.Client, member: Office
) -> None:
    key = uuid4().hex
    command = sent(client, member, key).json()["id"]
    Timer(0.3, put_in, (member, command, "final")).start()
    answer = sent(client, member, key, query="?wait=final&wait_seconds=20")
    assert (answer.status_code, answer.json()["state"]) == (200, "final")


def test_a_read_waits_for_the_relay_when_asked(client: httpx.Client, member: Office) -> None:
    command = sent(client, member, uuid4().hex).json()["id"]
    Timer(0.3, put_in, (member, command, "relayed")).start()
    answer = client.get(
        f"/v1/commands/{command}?wait=relayed&wait_seconds=20", headers=member.bearer("admin")
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "relayed")
    late = client.get(
        f"/v1/commands/{command}?wait=final&wait_seconds=1", headers=member.bearer("admin")
    )
    assert (late.status_code, late.json()["state"]) == (202, "relayed")
