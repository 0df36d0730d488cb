"""What stands before the routes: sizes, depths, media types, keys, and what errors may tell."""

import json
import secrets
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from support.office_node import OTHER, Office

from api.http.bounds import FORM_BYTES, MAX_BODY_BYTES

OFFER = f"/v1/titles/{OTHER}/offers"


def headers(member: Office, **more: str) -> dict[str, str]:
    key = {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "application/json"}
    return member.bearer() | key | {name.replace("_", "-"): value for name, value in more.items()}


def test_a_body_that_says_it_is_too_large_is_refused_unread(address: str, member: Office) -> None:
    host = urlsplit(address)
    with socket.create_connection((host.hostname, host.port), timeout=10) as line:
        line.sendall(
            f"POST {OFFER} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {member.tokens['clerk']}\r\n"
            f"Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\n".encode()
        )
        assert b" 413 " in line.recv(200)


def test_a_body_that_grows_too_large_is_refused(client: httpx.Client, member: Office) -> None:
    chunks = (b"x" * 1_000_000 for _ in range(13))
    answer = client.post(OFFER, content=chunks, headers=headers(member))
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")


def test_a_stranger_cannot_make_the_node_read_a_body(address: str) -> None:
    host = urlsplit(address)
    with socket.create_connection((host.hostname, host.port), timeout=10) as line:
        line.sendall(
            f"POST {OFFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 11000000\r\n\r\n".encode()
        )
        assert b" 401 " in line.recv(200)


def test_a_large_document_in_its_bounds_reaches_the_verb(
    client: httpx.Client, member: Office
) -> None:
    body = {"document": {"a": ["x" * 1000] * 9_000}, "holder": OTHER}
    answer = client.post("/v1/titles", json=body, headers=headers(member) | member.bearer("issuer"))
    assert answer.status_code in (409, 422), answer.text
    assert "x" * 100 not in answer.text


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b'{"to":"a","to":"b"}', 400, "DUPLICATE_KEY"),
        (b"[" * 100 + b"]" * 100, 400, "DOCUMENT_TOO_DEEP"),
        (b"{", 400, "NOT_JSON"),
        (b'{"to": 1e400}', 422, "NUMBER_INEXACT"),
        (b"", 422, "BODY_INVALID"),
        (b"[]", 422, "BODY_INVALID"),
        (b'{"title":"0x00"}', 422, "BODY_INVALID"),
        (b'{"to":"0x00","more":1}', 422, "BODY_INVALID"),
    ],
)
def test_a_body_in_another_form_is_refused_with_its_code(
    client: httpx.Client, member: Office, content: bytes, status: int, code: str
) -> None:
    answer = client.post(OFFER, content=content, headers=headers(member))
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_another_media_type_is_refused(client: httpx.Client, member: Office) -> None:
    answer = client.post(OFFER, content=b"{}", headers=headers(member, Content_Type="text/plain"))
    assert (answer.status_code, answer.json()["code"]) == (415, "BODY_NOT_JSON")


@pytest.mark.parametrize("key", ["short", "x" * 129, "with a space in it", "naïve-ascii-key"])
def test_a_key_in_another_form_is_refused(client: httpx.Client, member: Office, key: str) -> None:
    given = {**headers(member), "Idempotency-Key": key.encode()}
    answer = client.post(OFFER, json={"to": OTHER}, headers=given)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_MALFORMED")


def test_a_write_without_a_key_is_refused(client: httpx.Client, member: Office) -> None:
    answer = client.post(OFFER, json={"to": OTHER}, headers=member.bearer())
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")


@pytest.mark.parametrize(
    "query", ["wait=soon", "wait_seconds=0", "wait_seconds=61", "wait_seconds=x"]
)
def test_a_wait_in_another_form_is_refused(
    client: httpx.Client, member: Office, query: str
) -> None:
    answer = client.post(f"{OFFER}?{query}", json={"to": OTHER}, headers=headers(member))
    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID")


def test_a_refusal_names_fields_and_never_repeats_what_was_sent(
    client: httpx.Client, member: Office
) -> None:
    secret = "the price is 4,711,000"
    answer = client.post(OFFER, json={"to": secret}, headers=headers(member))
    assert answer.json()["facts"]["fields"][0]["field"] == "to"
    assert secret not in answer.text
    assert set(answer.json()) == {
        "type", "title", "status", "detail", "code", "what_to_do", "facts",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/none", "/v1/titles/", "/none"])
def test_an_address_that_is_none_is_said_to_be_none(
    client: httpx.Client, member: Office, path: str
) -> None:
    answer = client.get(path, headers=member.bearer())
    assert (answer.status_code, answer.headers.get("location")) in (
        (303, "/sign-in?next=/none"),
        (404, None),
    )


def test_a_method_that_is_none_is_refused(client: httpx.Client, member: Office) -> None:
    answer = client.delete(f"/v1/titles/{OTHER}", headers=member.bearer())
    assert answer.status_code in (400, 405)


def test_every_answer_forbids_caching_sniffing_and_framing(
    client: httpx.Client, member: Office
) -> None:
    for path in ("/v1/health", "/sign-in", "/v1/me", "/openapi.json", "/v1/none"):
        told = client.get(path, headers=member.bearer()).headers
        assert told["cache-control"] == "no-store", path
        assert told["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in told["content-security-policy"], path


def test_health_answers_without_a_token_while_the_ledger_does_not(client: httpx.Client) -> None:
    told = client.get("/v1/health").json()
    assert (told["status"], told["ledger"]["reachable"]) == ("degraded", False)


def test_a_rebuild_without_a_ledger_is_not_available_and_says_so(
    client: httpx.Client, member: Office
) -> None:
    answer = client.post(
        "/v1/projections/rebuild", json={}, headers=headers(member) | member.bearer("admin")
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "LEDGER_UNAVAILABLE")


def test_the_description_is_json_that_a_tool_can_read(client: httpx.Client) -> None:
    described = json.loads(client.get("/openapi.json").text)
    assert described["openapi"].startswith("3.")
    assert "Problem" in described["components"]["schemas"]


@pytest.mark.parametrize(
    "path", ["/v1/webhooks", "/v1/subscribers", f"/v1/documents/{OTHER}/holds"]
)
def test_where_no_document_stands_a_body_may_be_as_long_as_a_form(
    client: httpx.Client, member: Office, path: str
) -> None:
    body = b'{"name":"' + b"x" * FORM_BYTES + b'"}'
    answer = client.post(path, content=body, headers=headers(member))
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert answer.json()["facts"] == {"limit_bytes": FORM_BYTES}
