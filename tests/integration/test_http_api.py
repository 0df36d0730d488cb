"""Two members' nodes as `lading serve` runs them, spoken to over HTTP with tokens alone."""

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest
from support.offices import LADING, Office, running_offices, see
from support.peers import bill_number, make_bill

from identity.acts.words import TitleState

UNKNOWN = "0x" + "5f" * 32


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Office]]:
    with running_offices(tmp_path_factory.mktemp("c"), ["carrier", "shipper"]) as offices:
        yield offices


@pytest.fixture(scope="module")
def title(offices: dict[str, Office]) -> str:
    """A title that the carrier issued and the shipper accepted, over HTTP."""
    carrier, shipper = offices["carrier"], offices["shipper"]
    body = {"document": make_bill(bill_number()), "holder": shipper.id}
    command = carrier.do("/v1/titles", body, "issuer")
    told = see(shipper, command["object"], "issued")
    shipper.do(f"/v1/titles/{told['id']}/accept", {"offer": told["offer"]["digest"]}, "clerk")
    see(carrier, told["id"], "live")
    return str(told["id"])


def test_a_title_goes_from_issue_to_acceptance_over_http(
    offices: dict[str, Office], title: str
) -> None:
    told = offices["carrier"].get(f"/v1/titles/{title}").json()
    assert told["holder"] == told["controller"] == offices["shipper"].id
    assert told["state"] in {state.name.lower() for state in TitleState}
    assert told["offer"] is None
    assert told["as_of"]["height"] > 0
    assert told["as_of"]["behind_seconds"] == 0


def test_the_events_say_who_signed_what_in_which_block(
    offices: dict[str, Office], title: str
) -> None:
    events = offices["carrier"].get(f"/v1/titles/{title}/events").json()["events"]
    told = [(event["verb"], event["principal"], event["outcome"]) for event in events]
    assert told == [
        ("Issue", offices["carrier"].id, "done"),
        ("Accept", offices["shipper"].id, "done"),
    ]
    assert all(event["block"] and event["at"].endswith("Z") for event in events)
    assert events[1]["act"]["fields"]["offer"] == events[0]["digest"]


def test_both_members_hold_the_document_and_nobody_else_may_read_it_by_root(
    offices: dict[str, Office], title: str
) -> None:
    root = offices["carrier"].get(f"/v1/titles/{title}").json()["root"]
    documents = [o.get(f"/v1/documents/{root}", "clerk").json() for o in offices.values()]
    assert documents[0]["document"] == documents[1]["document"]
    assert documents[1]["source_member"] == offices["carrier"].id
    refused = offices["carrier"].get(f"/v1/documents/{root}", "gate")
    assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_NOT_ALLOWED")
    absent = offices["carrier"].get(f"/v1/documents/{UNKNOWN}", "clerk")
    assert (absent.status_code, absent.json()["code"]) == (404, "NOT_FOUND")


def test_the_same_key_gives_the_same_command_and_another_body_is_refused(
    offices: dict[str, Office], title: str
) -> None:
    shipper, carrier = offices["shipper"], offices["carrier"]
    key = secrets.token_hex(16)
    body = {"to": carrier.id, "deadline_seconds": 600}
    path = f"/v1/titles/{title}/offers"
    first, again = (shipper.post(path, body, "clerk", key) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    other = shipper.post(path, body | {"deadline_seconds": 700}, "clerk", key)
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    shipper.do(f"/v1/titles/{title}/withdraw", {"offer": first.json()["digest"]}, "clerk")


def test_a_member_that_is_not_in_the_capacity_is_refused_with_the_reason(
    offices: dict[str, Office], title: str
) -> None:
    carrier = offices["carrier"]
    refused = carrier.post(f"/v1/titles/{title}/offers", {"to": offices["shipper"].id}, "clerk")
    assert (refused.status_code, refused.json()["code"]) == (403, "NOT_THE_CONTROLLER")
    listed = carrier.get("/v1/refusals", object=title).json()["refusals"]
    assert [(r["by"], r["code"]) for r in listed] == [("node", "NOT_THE_CONTROLLER")]


def test_another_members_token_opens_nothing(offices: dict[str, Office], title: str) -> None:
    stranger = offices["shipper"].bearer("admin")
    answer = offices["carrier"].http.get(f"/v1/titles/{title}", headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (401, "CREDENTIAL_UNKNOWN")


def test_a_page_shows_the_timeline_to_who_signed_in_and_to_nobody_else(
    offices: dict[str, Office], title: str
) -> None:
    carrier = offices["carrier"]
    own = {"Origin": carrier.url}
    with httpx.Client(base_url=carrier.url, headers=own, trust_env=False) as browser:
        asked = browser.get(f"/titles/{title}").headers["location"]
        assert asked == f"/sign-in?next=/titles/{title}"
        refused = browser.post("/sign-in", data={"token": "not a token of this member"})
        assert refused.status_code == 401
        signed_in = browser.post("/sign-in", data={"token": carrier.tokens["clerk"]})
        assert signed_in.status_code == 303
        cookie = signed_in.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert carrier.tokens["clerk"] not in cookie
        page = browser.get(f"/titles/{title}")
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for words in ("有效", "控制人", "Title issued and offered", "Offer accepted", title):
            assert words in page.text
        assert title[:12] in browser.get("/").text
        assert browser.get("/v1/titles").status_code == 401, "a cookie opens pages only"
        browser.post("/sign-out")
        assert browser.get(f"/titles/{title}").status_code == 303


def test_the_tables_are_rebuilt_the_same_by_the_admin_alone(
    offices: dict[str, Office], title: str
) -> None:
    carrier = offices["carrier"]
    assert carrier.post("/v1/projections/rebuild", {}, "clerk").status_code == 403
    rebuilt = carrier.post("/v1/projections/rebuild", {}, "admin")
    assert rebuilt.status_code == 200, rebuilt.text
    assert rebuilt.json()["differing"] == 0
    assert carrier.get(f"/v1/titles/{title}").json()["state"] == "live"


def test_the_command_line_speaks_to_the_api_and_ends_with_its_exit_codes(
    offices: dict[str, Office], title: str
) -> None:
    shipper = offices["shipper"]
    environment = os.environ | {"LADING_API": shipper.url, "LADING_TOKEN": shipper.tokens["clerk"]}

    def lading(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LADING, *arguments], env=environment, capture_output=True, text=True, check=False
        )

    shown = lading("title", "show", title)
    assert shown.returncode == 0, shown.stderr
    assert "state: live" in shown.stdout
    as_json = lading("title", "events", title, "--json")
    assert '"verb": "Accept"' in as_json.stdout
    offered = lading("title", "offer", title, "--to", offices["carrier"].id)
    assert offered.returncode == 0, offered.stderr
    withdrawn = lading("title", "withdraw", title)
    assert withdrawn.returncode == 0, withdrawn.stderr
    for arguments in (("me",), ("health",), ("list",), ("refusals", title)):
        told = lading("member", *arguments)
        assert told.returncode == 0, (arguments, told.stderr)
    assert title in lading("title", "list").stdout
    environment["LADING_TOKEN"] = shipper.tokens["admin"]
    rebuilt = lading("member", "rebuild", "--json")
    assert json.loads(rebuilt.stdout)["differing"] == 0, rebuilt.stderr
    environment["LADING_TOKEN"] = shipper.tokens["clerk"]
    refused = lading("title", "withdraw", title, "--offer", UNKNOWN)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 2
    wrong = lading("title", "show", "no-id")
    assert wrong.returncode == 2
    environment["LADING_API"] = "http://127.0.0.1:9"
    assert lading("title", "show", title).returncode == 3


def test_a_node_killed_with_a_write_in_flight_ends_it_after_its_start(
    offices: dict[str, Office], title: str
) -> None:
    shipper, carrier = offices["shipper"], offices["carrier"]
    body = {"to": carrier.id, "deadline_seconds": 600}
    key = secrets.token_hex(16)
    path = f"/v1/titles/{title}/offers"
    accepted = shipper.post(path, body, "clerk", key, wait=False)
    shipper.stop(signal.SIGKILL)
    shipper.serve()
    assert accepted.status_code == 202
    ended = shipper.http.get(
        f"/v1/commands/{accepted.json()['id']}",
        params={"wait": "final", "wait_seconds": 60},
        headers=shipper.bearer("clerk"),
    ).json()
    assert ended["state"] == "final", ended
    assert shipper.post(path, body, "clerk", key).json()["id"] == ended["id"]


def test_reads_answer_and_say_how_far_behind_they_are_when_the_ledger_is_gone(
    offices: dict[str, Office], title: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Last: it takes the ledger away from one node by starting it on a closed port."""
    shipper = offices["shipper"]
    shipper.stop()
    settings = shipper.directory / "settings.json"
    text = settings.read_text()
    ledger = text.split('"ledger_url": "')[1].split('"')[0]
    settings.write_text(text.replace(ledger, "http://127.0.0.1:9"))
    shipper.serve()
    time.sleep(6)
    health = shipper.http.get("/v1/health").json()
    assert health["status"] == "degraded" or not health["ledger"]["reachable"]
    told = shipper.get(f"/v1/titles/{title}").json()
    assert told["state"] == "live"
    assert told["as_of"]["behind_seconds"] > 0
    offer = told["offer"]["digest"]
    queued = shipper.post(f"/v1/titles/{title}/withdraw", {"offer": offer}, "clerk", wait=False)
    assert queued.status_code == 202
    assert queued.json()["state"] in ("accepted", "signed")
