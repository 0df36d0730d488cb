"""A ledger that hangs, disks that fill, a node that is killed: nothing lost, nothing half done."""

import os
import signal
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from deals import PATIENCE_SECONDS, accept, bill, ended, live_title, offered_to, post, seen
from processes import disk_full, halted, pids
from story.consortium import Consortium, Json, Member, until

ANSWER_SECONDS = 5
SOME_ID = "0x" + "5f" * 32


@pytest.fixture(scope="module")
def title(consortium: Consortium) -> str:
    return live_title(consortium)


@pytest.fixture(autouse=True)
def _all_is_well_afterwards(consortium: Consortium) -> Iterator[None]:
    yield
    for name in consortium.members:
        until(lambda n=name: well(consortium[n]), f"{name} is well again", PATIENCE_SECONDS)  # type: ignore[misc]


def well(member: Member) -> bool:
    health = member.client.get("/v1/health", timeout=30).json()
    return bool(health["status"] == "ok" and all(health["parts"].values()))


def issue(consortium: Consortium) -> Json:
    """A body for a new title: the carrier's, to the shipper."""
    return {"document": bill(), "holder": consortium["shipper"].id}


def times_issued(consortium: Consortium, title: str) -> int:
    """How often the ledger has issued the title, as the bank's node tells."""
    seen(consortium["bank"], title, state="issued")
    told = consortium["bank"].get(f"/v1/titles/{title}/events", role="auditor")
    return [event["verb"] for event in told["events"]].count("Issue")


def sent_until_accepted(member: Member, path: str, body: Json, role: str, key: str) -> str:
    """Send a write again with its key until the door takes it; return the command's id."""

    def taken() -> str | None:
        answer = post(member, path, body, role, key)
        return str(answer.json()["id"]) if answer.status_code == 202 else None

    return until(taken, f"{member.name} takes the write", PATIENCE_SECONDS)


def test_with_the_ledger_hung_writes_queue_and_reads_say_how_far_behind_they_are(
    consortium: Consortium, title: str
) -> None:
    carrier, shipper = consortium["carrier"], consortium["shipper"]
    with halted(pids(consortium)["ledger"]):
        answer = post(carrier, "/v1/titles", issue(consortium), "issuer")
        assert answer.status_code == 202, answer.text
        first = until(lambda: behind(shipper, title), "the shipper's reads are behind", 30)
        later = until(lambda: max(0, behind(shipper, title) - first), "and further behind", 30)
        assert later > 0
        assert seen(shipper, title)["state"] == "live"
        begun = time.monotonic()
        health = shipper.client.get("/v1/health", timeout=60).json()
        assert time.monotonic() - begun < ANSWER_SECONDS
        assert (health["status"], health["ledger"]["reachable"]) == ("degraded", False)
        assert health["as_of"]["behind_seconds"] > 0
        waiting = carrier.get(f"/v1/commands/{answer.json()['id']}")
        assert waiting["state"] in ("accepted", "signed", "relayed")
    command = ended(carrier, answer.json()["id"])
    assert command["state"] == "final"
    assert times_issued(consortium, command["object"]) == 1
    until(lambda: behind(shipper, title) == 0, "the reads are at the head again", 60)


def behind(member: Member, title: str) -> int:
    return int(member.get(f"/v1/titles/{title}")["as_of"]["behind_seconds"])


def test_a_node_whose_disk_is_full_refuses_writes_keeps_nothing_and_goes_on_with_space(
    consortium: Consortium, title: str
) -> None:
    carrier = consortium["carrier"]
    vault, key, body = carrier.directory / "vault", uuid4().hex, issue(consortium)
    before = sorted(path.name for path in vault.iterdir())
    with disk_full(pids(consortium)["carrier serve"]):
        for _ in range(2):
            refused = post(carrier, "/v1/titles", body, "issuer", key)
            check_refused_for_space(refused.json(), refused.status_code, "VAULT_FULL")
        refused = post(carrier, "/v1/rulebook/accept", {"rulebook": SOME_ID}, "admin")
        check_refused_for_space(refused.json(), refused.status_code, "STORAGE_UNAVAILABLE")
        assert sorted(path.name for path in vault.iterdir()) == before
        assert seen(carrier, title)["state"] == "live"
        others = offer_and_withdraw(consortium, title)
    command = ended(carrier, sent_until_accepted(carrier, "/v1/titles", body, "issuer", key))
    assert command["state"] == "final", command
    assert times_issued(consortium, command["object"]) == 1
    seen(carrier, title, counter=others)


def offer_and_withdraw(consortium: Consortium, title: str) -> int:
    """Let other members go on meanwhile; return the title's counter afterwards."""
    shipper, bank = consortium["shipper"], consortium["bank"]
    made = post(shipper, f"/v1/titles/{title}/offers", {"to": bank.id})
    assert ended(shipper, made.json()["id"])["state"] == "final"
    offer = {"offer": offered_to(bank, title)}
    taken = post(shipper, f"/v1/titles/{title}/withdraw", offer)
    assert ended(shipper, taken.json()["id"])["state"] == "final"
    return int(seen(bank, title, offer=None)["counter"])


def check_refused_for_space(told: Json, status: int, code: str) -> None:
    assert (status, told["code"]) == (503, code), told
    assert told["detail"].endswith(".")
    assert "space" in told["what_to_do"]


@pytest.mark.parametrize("program", ["carrier sign", "shipper serve", "ledger"])
def test_a_write_waits_for_the_space_that_another_process_lacks_and_is_done_once(
    consortium: Consortium, program: str
) -> None:
    """The signer's audit line, the receiver's copy of the document, the ledger's own block."""
    carrier, shipper = consortium["carrier"], consortium["shipper"]
    with disk_full(pids(consortium)[program]):
        answer = post(carrier, "/v1/titles", issue(consortium), "issuer")
        assert answer.status_code == 202, answer.text
        time.sleep(3)
        waiting = carrier.get(f"/v1/commands/{answer.json()['id']}")
        assert waiting["state"] in ("accepted", "signed", "relayed"), waiting
    command = ended(carrier, answer.json()["id"])
    assert command["state"] == "final", command
    assert times_issued(consortium, command["object"]) == 1
    accept(shipper, command["object"])


def test_a_node_killed_with_a_write_in_flight_starts_by_itself_and_the_write_is_done_once(
    consortium: Consortium,
) -> None:
    """Once; tests/faults/kill_rounds.py does it fifty times, to every kind of process."""
    carrier, key, body = consortium["carrier"], uuid4().hex, issue(consortium)
    command = post(carrier, "/v1/titles", body, "issuer", key).json()["id"]
    killed = pids(consortium)["carrier serve"]
    os.kill(killed, signal.SIGKILL)
    until(
        lambda: pids(consortium).get("carrier serve", killed) != killed,
        "the supervisor starts the node again",
        PATIENCE_SECONDS,
    )
    until(lambda: consortium.answers("carrier"), "the node answers", PATIENCE_SECONDS)
    assert post(carrier, "/v1/titles", body, "issuer", key).json()["id"] == command
    told = ended(carrier, command)
    assert told["state"] == "final", told
    assert times_issued(consortium, told["object"]) == 1


def test_no_process_met_an_error_that_it_has_no_word_for(consortium: Consortium) -> None:
    logs = [*consortium.directory.rglob("logs/*.log"), consortium.directory / "ledger.log"]
    assert len(logs) > len(consortium.members)
    for log in logs:
        assert "Traceback" not in log.read_text(), log
