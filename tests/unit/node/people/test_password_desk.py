"""People are let in by password in a process beside the API's; on both databases."""

import asyncio
import re
from collections.abc import Coroutine
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import text
from support.sign_in_desk import Desk

from identity.people import passwords
from identity.people.errors import SignInBusy
from node.people import sessions, signing_in
from node.people.desk import MAX_WAITING
from node.people.desk_process import LOWER, LOWEST
from node.people.visits import Outcome
from node.store.errors import AuditUnwritable

GOOD = "correct horse battery"
HASH = passwords.hash_password(GOOD)


def asked(desk: Desk, name: str, password: str, code: str) -> Coroutine[Any, Any, Outcome]:
    return desk.people.passwords.sign_in(name, password, code, desk.visit)


def only_process(desk: Desk) -> Popen[str]:
    (process,) = desk.people.passwords._started
    return process


def test_many_at_once_are_let_in_or_refused_each_by_their_own_password(desk: Desk) -> None:
    codes = {f"p{n}": desk.code(desk.password(desk.account(f"p{n}"), HASH)) for n in range(4)}

    async def storm() -> list[Outcome]:
        return await asyncio.gather(
            *(asked(desk, p, GOOD if n % 2 else "wrong", codes[p]) for n, p in enumerate(codes))
        )

    outcomes = asyncio.run(storm())
    assert [outcome.secret is not None for outcome in outcomes] == [False, True] * 2
    assert {outcome.reason for outcome in outcomes[::2]} == {"PASSWORD_WRONG"}
    with desk.db.read() as session:
        for outcome, name in zip(outcomes[1::2], ("p1", "p3"), strict=True):
            row = sessions.find(session, outcome.secret or "", desk.now)
            assert row is not None
            assert (row.subject, row.address) == (name, desk.visit.address)
        rows = [outcome for verb, outcome, _ in desk.audit(session) if verb == "SignIn"]
        assert sorted(rows) == ["final"] * 2 + ["refused"] * 2


def test_a_code_is_good_once_and_a_locked_name_waits(desk: Desk) -> None:
    code = desk.code(desk.password(desk.account("ada"), HASH))
    assert asyncio.run(asked(desk, "ada", GOOD, code)).secret is not None
    assert asyncio.run(asked(desk, "ada", GOOD, code)).reason == "SECOND_FACTOR_WRONG"
    while not (outcome := asyncio.run(asked(desk, "nobody", "wrong", "1"))).wait_seconds:
        assert outcome.reason == "ACCOUNT_UNKNOWN"
    assert asyncio.run(asked(desk, "nobody", GOOD, "1")).reason == signing_in.ATTEMPTS


def test_argon2_runs_at_the_lowest_priority_and_transactions_a_little_below(
    desk: Desk,
) -> None:
    asyncio.run(desk.people.passwords.hashed(GOOD))
    pid = only_process(desk).pid
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[int(task.name)] = int(fields[16])
    assert found.pop(pid) == LOWER
    assert LOWEST in found.values()


def test_a_process_that_was_killed_is_started_again(desk: Desk) -> None:
    code = desk.code(desk.password(desk.account("ada"), HASH))
    assert asyncio.run(asked(desk, "ada", "wrong", code)).secret is None
    first = only_process(desk)
    first.kill()
    first.wait()
    assert asyncio.run(asked(desk, "ada", GOOD, code)).secret is not None
    assert only_process(desk) is not first
    desk.people.close()
    assert only_process(desk).poll() is not None


def test_so_many_wait_and_no_more(desk: Desk) -> None:
    desk.people.passwords._waiting = MAX_WAITING
    with pytest.raises(SignInBusy):
        asyncio.run(asked(desk, "ada", GOOD, "1"))
    desk.people.passwords._waiting = 0
    assert asyncio.run(asked(desk, "ada", GOOD, "1")).reason == "ACCOUNT_UNKNOWN"


def test_nobody_is_let_in_without_an_audit_row_and_the_error_is_the_stores(desk: Desk) -> None:
    code = desk.code(desk.password(desk.account("ada"), HASH))
    refusing = (
        "ALTER TABLE audit ADD CONSTRAINT no_audit CHECK (false) NOT VALID"
        if desk.db.is_postgresql
        else "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with desk.db.begin() as session:
        session.execute(text(refusing))
    with pytest.raises(AuditUnwritable):
        asyncio.run(asked(desk, "ada", GOOD, code))
    with desk.db.read() as session:
        assert sessions.open_sessions(session, "ada", desk.now) == []


def test_a_password_of_any_text_is_hashed_and_compared(desk: Desk) -> None:
    odd = "Zürich \ud800 am Morgen"
    hashed = asyncio.run(desk.people.passwords.hashed(odd))
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", hashed)
    code = desk.code(desk.password(desk.account("ada"), hashed))
    assert asyncio.run(asked(desk, "ada", odd, code)).secret is not None
