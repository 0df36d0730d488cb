"""The stream over HTTP: pages, server-sent events, subscribers and whose they are."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from support.office_node import OTHER, Office

from api.http import streaming
from api.http.routes import events as routes
from node.events import reading
from node.events.stream import append, head
from node.member import write_json
from node.store.events import EventRow, WebhookDelivery

MINE = "0x" + "0a" * 32
Read = Iterator[tuple[str, dict[str, Any]]]


def tell(member: Office, count: int = 1, /, **given: Any) -> int:
    """Append events in one transaction; return the last position."""
    with member.node.db.begin() as session:
        for _ in range(count):
            row = {"at": 1_900_000_000, "kind": "acted", "verb": "Offer", "title": OTHER} | given
            append(session, EventRow(**row))
    with member.node.db.read() as session:
        return head(session)


def read(client: httpx.Client, member: Office, /, role: str = "clerk", **query: Any) -> Any:
    answer = client.get("/v1/events", params=query, headers=member.bearer(role))
    assert answer.status_code == 200, answer.text
    return answer.json()


def positions(page: Any) -> list[int]:
    return [event["position"] for event in page["events"]]


@contextmanager
def streaming_to(
    client: httpx.Client, member: Office, headers: dict[str, str] | None = None, **query: Any
) -> Iterator[Read]:
    """Open a stream; give its messages as (id, data), one by one."""
    sent = member.bearer() | (headers or {})
    with client.stream("GET", "/v1/events/stream", params=query, headers=sent) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield messages(answer)


def messages(answer: httpx.Response) -> Read:
    found: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        found[name] = value
        if not line:
            if "id" in found:
                yield found["id"], json.loads(found.get("data", "{}"))
            found = {}


def subscriber(client: httpx.Client, member: Office, role: str = "clerk", **body: Any) -> Any:
    given = {"name": f"reader {time.monotonic_ns()}"} | body
    return client.post("/v1/subscribers", json=given, headers=member.bearer(role))


def test_events_are_read_by_position_page_by_page(client: httpx.Client, member: Office) -> None:
    last = tell(member, 5)
    page = read(client, member, after=last - 5, limit=3)
    assert (positions(page), page["next"], page["head"]) == (
        [last - 4, last - 3, last - 2], last - 2, last,
    )  # fmt: skip
    assert positions(read(client, member, after=page["next"])) == [last - 1, last]
    assert read(client, member, after=last)["next"] == last


def test_an_event_tells_ids_and_states_and_where_to_read_more(
    client: httpx.Client, member: Office
) -> None:
    last = tell(member, member=member.id, members=" 1 ", state="live", block=7, log_index=0)
    (told,) = read(client, member, after=last - 1)["events"]
    assert told == {
        "position": last, "kind": "acted", "verb": "Offer", "object": None, "title": OTHER,
        "container_tag": None, "member": member.id, "members": [member.id], "state": "live",
        "code": None, "command": None, "block": 7, "log_index": 0, "at": "2030-03-17T17:46:40Z",
        "link": f"/v1/titles/{OTHER}",
    }  # fmt: skip
    last = tell(member, kind="command", command="c" * 32)
    assert read(client, member, after=last - 1)["events"][0]["link"] == f"/v1/commands/{'c' * 32}"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"title": MINE}, [1]),
        ({"kind": "refused"}, [2]),
        ({"kind": ["refused", "command"]}, [2, 3]),
        ({"verb": "Freeze"}, [1]),
        ({"verb": ["Freeze", "Issue"], "kind": "acted"}, [1]),
        ({"container": "MAEU6543213"}, []),
    ],
)
def test_a_filter_lets_through_what_it_names(
    client: httpx.Client, member: Office, query: dict[str, Any], found: list[int]
) -> None:
    before = tell(member)
    tell(member, title=MINE, verb="Freeze")
    tell(member, kind="refused", members=" 11 ")
    last = tell(member, kind="command", title=None)
    page = read(client, member, after=before, **query)
    assert [position - before for position in positions(page)] == found
    assert page["next"] == last


def test_by_member_comes_what_concerns_it_and_to_its_own_its_commands(
    client: httpx.Client, member: Office
) -> None:
    before = tell(member)
    tell(member, members=" 1 11 ")
    tell(member, members=" 11 21 ")
    tell(member, kind="command")
    page = read(client, member, after=before, member=member.id)
    assert [position - before for position in positions(page)] == [1, 3]
    refused = client.get("/v1/events", params={"member": OTHER}, headers=member.bearer())
    assert (refused.status_code, refused.json()["code"]) == (422, "FILTER_INVALID")


def test_a_rare_kind_is_found_over_pages_that_look_at_a_bounded_number_of_events(
    client: httpx.Client, member: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCANNED", 10)
    before = tell(member)
    tell(member, 25)
    wanted = tell(member, kind="refused")
    after, pages, found = before, 0, []
    while not found:
        page = read(client, member, after=after, kind="refused")
        assert page["next"] > after
        after, pages, found = page["next"], pages + 1, positions(page)
    assert (found, pages) == ([wanted], 3)


def test_a_position_that_was_never_given_is_refused(client: httpx.Client, member: Office) -> None:
    last = tell(member)
    for path in ("/v1/events", "/v1/events/stream"):
        answer = client.get(path, params={"after": last + 1}, headers=member.bearer())
        assert (answer.status_code, answer.json()["code"]) == (409, "POSITION_AHEAD")


def test_a_stream_gives_what_there_is_and_then_what_comes(
    client: httpx.Client, member: Office
) -> None:
    last = tell(member, 2)
    with streaming_to(client, member, after=last - 2) as stream:
        assert [next(stream)[0] for _ in range(2)] == [str(last - 1), str(last)]
        begun = time.monotonic()
        coming = threading.Timer(0.2, tell, (member, 1), {"state": "live"})
        coming.start()
        identity, data = next(stream)
        assert time.monotonic() - begun < 1
        assert (identity, data["state"]) == (str(last + 1), "live")
        coming.join()


def test_a_client_that_was_cut_off_goes_on_after_the_last_id_it_was_given(
    client: httpx.Client, member: Office
) -> None:
    last = tell(member, 3)
    known = {"Last-Event-ID": str(last - 1)}
    with streaming_to(client, member, headers=known, after=last - 3) as stream:
        assert next(stream)[0] == str(last)


def test_a_silent_stream_shows_that_it_lives_and_how_far_it_has_looked(
    client: httpx.Client, member: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.1)
    last = tell(member)
    with streaming_to(client, member, after=last - 1, kind="refused") as stream:
        assert next(stream) == (str(last), {})


def test_a_stream_ends_when_its_token_does(
    client: httpx.Client, member: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_SECONDS", 0.1)
    tokens = member.directory / "tokens.json"
    kept = json.loads(tokens.read_bytes())
    try:
        with streaming_to(client, member, after=tell(member)) as stream:
            next(stream)
            write_json(tokens, [each for each in kept if "clerk" not in each["roles"]])
            assert all(not data for _, data in stream), "it ends by itself"
    finally:
        write_json(tokens, kept)


def test_a_stream_that_was_closed_is_forgotten(client: httpx.Client, member: Office) -> None:
    with streaming_to(client, member, after=tell(member) - 1) as stream:
        next(stream)
        assert member.node.tail.bells == 1
    until = time.monotonic() + 10
    while member.node.tail.bells:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_no_more_streams_than_the_node_keeps_open(
    client: httpx.Client, member: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "MAX_STREAMS", 0)
    answer = client.get("/v1/events/stream", headers=member.bearer())
    assert (answer.status_code, answer.json()["code"]) == (429, "STREAMS_TOO_MANY")


def test_a_reader_that_does_not_read_is_given_no_more_than_a_page_at_a_time(
    client: httpx.Client, member: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = routes.read

    def counted(*given: Any) -> Any:
        asked.append(given[-1])
        return real(*given)

    monkeypatch.setattr(routes, "read", counted)
    before = tell(member)
    last = tell(member, 24_000)
    with streaming_to(client, member, after=before) as stream:
        next(stream)
        stuck = 0
        while stuck < len(asked):
            stuck = len(asked)
            time.sleep(1)
        assert stuck < 100, "24,000 events are 120 pages, more than a socket holds"
        assert set(asked) <= {1, streaming.PAGE}
        seen = [int(identity) for identity, _ in (next(stream) for _ in range(23_999))]
    assert seen == list(range(before + 2, last + 1))


def test_a_subscriber_goes_on_after_what_it_acknowledged(
    client: httpx.Client, member: Office
) -> None:
    start = tell(member)
    made = subscriber(client, member, filter={"kinds": ["refused"]})
    assert made.status_code == 201, made.text
    mine = made.json()
    assert (mine["acked"], mine["kind"], mine["owner"]) == (start, "sse", "clerk@shipper")
    tell(member)
    first, second = (tell(member, kind="refused") for _ in range(2))
    for _ in range(2):  # what is not acknowledged comes again
        assert positions(read(client, member, subscriber=mine["id"])) == [first, second]
    path = f"/v1/subscribers/{mine['id']}/ack"
    acked = client.post(path, json={"position": first}, headers=member.bearer())
    assert acked.json()["acked"] == first
    assert positions(read(client, member, subscriber=mine["id"])) == [second]
    with streaming_to(client, member, subscriber=mine["id"]) as stream:
        assert next(stream)[0] == str(second)
    replayed = read(client, member, subscriber=mine["id"], after=start)
    assert positions(replayed) == [first, second]


def test_an_acknowledgement_goes_forward_and_not_beyond_the_stream(
    client: httpx.Client, member: Office
) -> None:
    last = tell(member)
    mine = subscriber(client, member, after=last - 1).json()
    path = f"/v1/subscribers/{mine['id']}/ack"
    ahead = client.post(path, json={"position": last + 1}, headers=member.bearer())
    assert (ahead.status_code, ahead.json()["code"]) == (409, "POSITION_AHEAD")
    for position in (last, last - 1, 0):
        told = client.post(path, json={"position": position}, headers=member.bearer())
        assert told.json()["acked"] == last


def test_a_subscriber_is_its_owners_alone(client: httpx.Client, member: Office) -> None:
    mine = subscriber(client, member, "clerk").json()
    path = f"/v1/subscribers/{mine['id']}"
    other = member.bearer("finance")
    refusals = [
        client.get(path, headers=other),
        client.post(path + "/ack", json={"position": 0}, headers=other),
        client.delete(path, headers=other),
        client.get("/v1/events", params={"subscriber": mine["id"]}, headers=other),
        client.get("/v1/events/stream", params={"subscriber": mine["id"]}, headers=other),
    ]
    assert {(r.status_code, r.json()["code"]) for r in refusals} == {(404, "SUBSCRIBER_UNKNOWN")}
    listed = client.get("/v1/subscribers", headers=other).json()["subscribers"]
    assert mine["id"] not in {each["id"] for each in listed}
    assert client.get(path, headers=member.bearer("admin")).json() == mine
    assert client.delete(path, headers=member.bearer()).status_code == 204
    assert client.get(path, headers=member.bearer()).status_code == 404


def test_a_name_is_used_once_by_each_owner(client: httpx.Client, member: Office) -> None:
    first = subscriber(client, member, name="planning").json()
    again = subscriber(client, member, name="planning")
    assert (again.status_code, again.json()["code"]) == (409, "SUBSCRIBER_EXISTS")
    other = subscriber(client, member, "gate", name="planning")
    assert other.status_code == 201
    for path in (first["id"], other.json()["id"]):
        client.delete(f"/v1/subscribers/{path}", headers=member.bearer("admin"))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a", "after": -1},
        {"name": "a", "after": "1"},
        {"name": "a", "filter": {"kinds": ["other"]}},
        {"name": "a", "filter": {"title": "0x"}},
        {"name": "a", "url": "https://example.org"},
    ],
)
def test_a_subscriber_in_another_form_is_refused(
    client: httpx.Client, member: Office, body: dict[str, Any]
) -> None:
    answer = client.post("/v1/subscribers", json=body, headers=member.bearer())
    assert (answer.status_code, answer.json()["code"]) == (422, "BODY_INVALID")


def test_a_subscriber_and_a_filter_together_are_refused(
    client: httpx.Client, member: Office
) -> None:
    mine = subscriber(client, member).json()
    query = {"subscriber": mine["id"], "kind": "acted"}
    answer = client.get("/v1/events", params=query, headers=member.bearer())
    assert (answer.status_code, answer.json()["code"]) == (422, "FILTER_INVALID")


def webhook(client: httpx.Client, member: Office, role: str = "admin", **body: Any) -> Any:
    given = {"name": f"hook {time.monotonic_ns()}", "url": "https://erp.example/lading"} | body
    return client.post("/v1/webhooks", json=given, headers=member.bearer(role))


def test_a_webhooks_secret_is_told_once(client: httpx.Client, member: Office) -> None:
    answer = webhook(client, member, filter={"kinds": ["notice"]})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made.pop("secret").startswith("whsec_")
    assert (made["kind"], made["url"]) == ("webhook", "https://erp.example/lading")
    path = f"/v1/subscribers/{made['id']}"
    shown = client.get(path, headers=member.bearer("admin"))
    assert shown.json() == made
    assert "whsec_" not in client.get("/v1/subscribers", headers=member.bearer("admin")).text
    acked = client.post(f"{path}/ack", json={"position": 0}, headers=member.bearer("admin"))
    assert acked.status_code == 404, "its receiver acknowledges by answering"
    assert client.delete(path, headers=member.bearer("admin")).status_code == 204


def test_only_who_manages_webhooks_makes_them_and_sees_dead_letters(
    client: httpx.Client, member: Office
) -> None:
    for role in ("issuer", "clerk", "finance", "gate", "officer", "auditor"):
        for answer in (
            webhook(client, member, role),
            client.get("/v1/dead-letters", headers=member.bearer(role)),
            client.post(
                f"/v1/dead-letters/msg_{'0' * 32}/redeliver", json={}, headers=member.bearer(role)
            ),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "ROLE_NOT_ALLOWED")
    assert client.get("/v1/dead-letters", headers=member.bearer("admin")).json() == {
        "dead_letters": []
    }


@pytest.mark.parametrize(
    "url", ["http://erp.example", "https://user:pw@erp.example", "file:///etc/passwd", "x"]
)
def test_a_webhook_to_an_address_in_another_form_is_refused(
    client: httpx.Client, member: Office, url: str
) -> None:
    answer = webhook(client, member, url=url)
    assert (answer.status_code, answer.json()["code"]) == (422, "TARGET_INVALID")


@pytest.mark.parametrize("wanted", [{"member": OTHER}, {"container": "MAEU6543210"}])
def test_a_filter_that_can_let_nothing_through_is_refused_at_once(
    client: httpx.Client, member: Office, wanted: dict[str, str]
) -> None:
    for answer in (
        subscriber(client, member, filter=wanted),
        webhook(client, member, filter=wanted),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "FILTER_INVALID")


def test_dead_letters_are_listed_and_sent_again(client: httpx.Client, member: Office) -> None:
    made = webhook(client, member).json()
    letter = WebhookDelivery(
        id="msg_" + "1" * 32, subscriber=made["id"], positions=[1, 2], state="dead", attempts=9,
        due=0.0, first_at=1.0, last_error="HTTP_500", created_at=1_900_000_000,
    )  # fmt: skip
    with member.node.db.begin() as session:
        session.add(letter)
    admin = member.bearer("admin")
    (told,) = client.get("/v1/dead-letters", headers=admin).json()["dead_letters"]
    assert (told["positions"], told["last_error"], told["state"]) == ([1, 2], "HTTP_500", "dead")
    again = client.post(f"/v1/dead-letters/{told['id']}/redeliver", json={}, headers=admin)
    assert (again.status_code, again.json()["state"]) == (202, "again")
    client.delete(f"/v1/subscribers/{made['id']}", headers=admin)
    gone = client.post(f"/v1/dead-letters/{told['id']}/redeliver", json={}, headers=admin)
    assert (gone.status_code, gone.json()["code"]) == (404, "DEAD_LETTER_UNKNOWN")
