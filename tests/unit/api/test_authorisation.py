"""Every operation, tried by everybody who may not: a new operation is tried at once.

The operations are those of the API's own description, so nobody has to add one here. The rules
are ``identity/policy/roles.json`` read again in the plainest way, not the policy's own code.
"""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select
from support.mandates import Administrators, subject
from support.office_node import ROLES, Office
from test_routes import EXAMPLES, QUERIES, VALUES

import identity.policy
from api.http.door import OPEN
from node.commands.verbs import VERBS
from node.store.commands import Command
from node.store.projections import Member

_DATA = json.loads((Path(identity.policy.__file__).parent / "roles.json").read_bytes())
MAY: dict[str, set[str]] = {row["verb"]: set(row["roles"]) for row in _DATA["verbs"]}
SUSPENDED_ON_LEDGER = 2


def operations(client: httpx.Client) -> Iterator[tuple[str, str, str]]:
    """Yield method, path and operation id of all that the description lists under /v1/."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if path not in OPEN:
                yield method.upper(), path, operation["operationId"]


def send(
    client: httpx.Client, method: str, path: str, headers: dict[str, str], **values: str
) -> httpx.Response:
    address = path
    for name, value in VALUES.items():
        address = address.replace(name, values.get(name[1:-1], value))
    request: dict[str, Any] = {"params": QUERIES.get(path), "headers": dict(headers)}
    if method == "POST":
        request["json"] = EXAMPLES[path]
        request["headers"]["Idempotency-Key"] = secrets.token_hex(16)
    return client.request(method, address, **request)


def code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code"))
    except (ValueError, AttributeError):
        return ""


@pytest.fixture
def authority(member: Office) -> Iterator[Administrators]:
    """The member's administrators; the file is taken away again behind the node's back."""
    administrators = Administrators(member.id)
    yield administrators
    member.node.settings.authority_file.unlink(missing_ok=True)
    forget(member)


def install(member: Office, administrators: Administrators, number: int, **parts: Any) -> None:
    path = member.node.settings.authority_file
    new = path.with_suffix(".new")
    new.write_text(json.dumps(administrators.signed(administrators.draft(number, **parts))))
    new.replace(path)


def forget(member: Office) -> None:
    """Give the node a new memory of the file, as a start would."""
    member.node.authority = member.node.authority_of(member.node.settings)


def test_a_stranger_is_refused_every_operation(client: httpx.Client, member: Office) -> None:
    stranger = {"Authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    before = commands(member)
    for headers in ({}, stranger):
        for method, path, name in operations(client):
            assert send(client, method, path, headers).status_code == 401, name
    assert commands(member) == before


def test_a_colleague_without_the_role_is_refused_every_operation(
    client: httpx.Client, member: Office
) -> None:
    """Every write by every role that its verb's rule does not name."""
    before = commands(member)
    tried = 0
    for method, path, name in operations(client):
        for role in ROLES:
            if name in VERBS and role not in MAY[VERBS[name].policy]:
                tried += 1
                answer = send(client, method, path, member.bearer(role))
                assert answer.status_code >= 400, (name, role)
                assert code(answer), (name, role)
    assert tried > 200
    assert commands(member) == before


def test_a_colleague_whom_the_authority_file_gives_no_role_is_refused_every_operation(
    client: httpx.Client, member: Office, authority: Administrators
) -> None:
    """Tokens still name every role; the file alone counts, and a suspended subject has none."""
    names = {role: f"{role}@{member.directory.name}" for role in ROLES}
    suspended = [subject(names[role], role, suspended=True) for role in ROLES]
    for number, subjects in enumerate(([], suspended), start=1):
        install(member, authority, number, subjects=subjects)
        before = commands(member)
        for method, path, name in operations(client):
            for role in ("admin", "clerk", "issuer"):
                answer = send(client, method, path, member.bearer(role))
                if answer.status_code < 400 and name not in WITHOUT_A_ROLE:
                    told = answer.json()
                    assert name == "bulk", (name, told)
                    assert not any(each["command"] for each in told["answers"])
        assert commands(member) == before


def test_no_write_of_a_suspended_member_is_taken(client: httpx.Client, member: Office) -> None:
    before = commands(member)
    set_status(member, SUSPENDED_ON_LEDGER)
    try:
        for method, path, name in operations(client):
            if name in VERBS:
                for role in ROLES:
                    answer = send(client, method, path, member.bearer(role))
                    assert answer.status_code >= 400, (name, role, answer.text)
        answer = send(client, "POST", "/v1/keys/{key}/revoke", member.bearer("admin"))
        assert code(answer) == "MEMBER_NOT_ACTIVE"
    finally:
        set_status(member, 1)
    assert commands(member) == before


def test_an_expired_or_revoked_token_opens_nothing_at_once(
    client: httpx.Client, member: Office
) -> None:
    path = member.directory / "tokens.json"
    kept = path.read_bytes()
    status = path.stat()
    try:
        path.write_text("[]")
        for method, at, name in operations(client):
            answer = send(client, method, at, member.bearer("admin"))
            assert answer.status_code == 401, name
    finally:
        path.write_bytes(kept)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def test_a_person_whose_limit_has_ended_is_refused(
    client: httpx.Client, member: Office, authority: Administrators
) -> None:
    limit = {"verbs": ["RevokeKey"], "until": 1}
    people = [subject(f"admin@{member.directory.name}", "admin", limits=[limit])]
    install(member, authority, 1, subjects=people)
    answer = send(client, "POST", "/v1/keys/{key}/revoke", member.bearer("admin"))
    assert (answer.status_code, code(answer)) == (403, "LIMIT_ENDED")


def test_another_members_object_is_not_changed_or_told_by_any_operation(
    client: httpx.Client, member: Office
) -> None:
    """Objects that this node does not know, or knows as another's, give no command."""
    before = commands(member)
    for method, path, name in operations(client):
        if name in VERBS and "{" in path:
            answers = [send(client, method, path, member.bearer(role)) for role in ROLES]
            taken = [answer for answer in answers if answer.status_code < 400]
            assert not taken or name in OF_NO_OBJECT, (name, [a.text for a in taken])
    assert {name for _, name in commands(member) - before} <= OF_NO_OBJECT


# What every caller of the member may ask: who am I.
WITHOUT_A_ROLE = {"who_am_i", "me", "get_me"}
# Acts whose address names what is this member's own by its principal; the ledger knows whether
# it exists.
OF_NO_OBJECT = {"RevokeKey", "EndDelegation", "AddKey"}


def commands(member: Office) -> set[tuple[str, str]]:
    with member.node.db.read() as session:
        return set(session.exec(select(Command.id, Command.verb)))


def set_status(member: Office, status: int) -> None:
    with member.node.db.begin() as session:
        row = session.get_one(Member, member.id)
        row.status = status
        session.add(row)
