"""Every route, generated: no credential, another member's token, malformed, valid."""

import secrets
from typing import Any

import httpx
import pytest
from support.office_node import OTHER, Office

from api.http.app import all_routes
from api.http.door import OPEN, STREAMED
from api.http.routes.write_table import WRITES

VALUES = {
    "{title}": OTHER,
    "{order}": OTHER,
    "{root}": OTHER,
    "{key}": OTHER,
    "{kind}": "customs",
    "{right}": OTHER,
    "{device}": OTHER,
    "{given}": OTHER,
    "{command}": "0" * 32,
    "{number}": "MAEU6543213",
    "{stream}": OTHER,
    "{hold}": "0" * 32,
    "{subscriber}": "0" * 32,
    "{message}": "msg_" + "0" * 32,
    "{motion}": OTHER,
    "{member}": OTHER,
}
QUERIES: dict[str, dict[str, Any]] = {
    "/v1/pickups": {"container": "MAEU6543213"},
    "/v1/documents/{root}/attachments": {"name": "survey.pdf"},
    "/v1/events/stream": {"after": 2**53 - 1},  # refused: else the answer would not end
}
EXAMPLES = {write.path: dict(write.example) for write in WRITES}
EXAMPLES["/v1/commands/bulk"] = {"commands": [{"key": "k" * 8, "verb": "Offer", "body": {}}]}
EXAMPLES["/v1/commands/{command}/cancel"] = {}
EXAMPLES["/v1/relays/{number}/cancel"] = {}
EXAMPLES["/v1/approvals/{command}"] = {
    "kind": "certificate", "proof": {"signature": "0x" + "00" * 64},
}  # fmt: skip
EXAMPLES["/v1/approvals/{command}/decline"] = {}
EXAMPLES["/v1/evidence"] = {"title": OTHER}
EXAMPLES["/v1/projections/rebuild"] = {}
EXAMPLES["/v1/documents/{root}/attachments"] = {}
EXAMPLES["/v1/documents/{root}/attachments/{stream}/deliveries"] = {"to": OTHER}
EXAMPLES["/v1/documents/{root}/deliveries"] = {"to": OTHER}
for below in ("holds", "holds/{hold}/lift", "delete"):
    EXAMPLES[f"/v1/documents/{{root}}/{below}"] = {"reason": "a test"}
EXAMPLES["/v1/subscribers"] = {"name": "planning"}
EXAMPLES["/v1/subscribers/{subscriber}/ack"] = {"position": 0}
EXAMPLES["/v1/applications/check"] = {}
EXAMPLES["/v1/webhooks"] = {"name": "erp", "url": "https://erp.example/lading"}
EXAMPLES["/v1/dead-letters/{message}/redeliver"] = {}


def send(client: httpx.Client, method: str, path: str, **changes: Any) -> httpx.Response:
    address = path
    for name, value in VALUES.items():
        address = address.replace(name, value)
    request: dict[str, Any] = {"params": QUERIES.get(path), "headers": {}}
    if method == "POST" and path.startswith("/v1/"):
        request["json"] = EXAMPLES[path]
        request["headers"] = {"Idempotency-Key": secrets.token_hex(16)}
    request["headers"] |= changes.pop("headers", {})
    return client.request(method, address, **(request | changes))


def test_no_route_answers_without_a_credential(client: httpx.Client, member: Office) -> None:
    for method, path in all_routes():
        answer = send(client, method, path)
        if path in OPEN:
            continue
        if path.startswith("/v1/"):
            assert answer.status_code == 401, path
            assert answer.json()["code"] == "CREDENTIAL_MISSING", path
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].partition("?")[0] == "/sign-in", path


def test_another_members_token_opens_no_route(client: httpx.Client, member: Office) -> None:
    stranger = {"Authorization": f"Bearer {secrets.token_urlsafe(32)}"}
    for method, path in all_routes():
        answer = send(client, method, path, headers=stranger)
        if path in OPEN:
            continue
        if path.startswith("/v1/"):
            assert answer.status_code == 401, path
            assert answer.json()["code"] == "CREDENTIAL_UNKNOWN", path
        else:
            assert answer.status_code == 303, path


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a":1,"a":2}', b"[" * 200, b"\xff", b"NaN"])
def test_no_write_takes_a_malformed_body(client: httpx.Client, member: Office, body: bytes) -> None:
    headers = member.bearer("admin") | {"Content-Type": "application/json"}
    for method, path in all_routes():
        if method != "POST" or path in OPEN or path == "/v1/projections/rebuild":
            continue
        if not path.startswith("/v1/"):
            continue  # a form of the pages
        if STREAMED.fullmatch(path):
            continue  # a file: any bytes
        answer = send(client, method, path, headers=headers, json=None, content=body)
        assert answer.status_code in (400, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_no_address_takes_a_malformed_id(client: httpx.Client, member: Office) -> None:
    for method, path in all_routes():
        if "{" not in path or not path.startswith("/v1/"):
            continue
        for bad in ("0x", "0x" + "AB" * 32, "0x" + "0b" * 32 + "%0a", "%00", "'--"):
            address = path
            for name in VALUES:
                address = address.replace(name, bad)
            answer = client.request(
                method,
                address,
                headers=member.bearer("auditor") | {"Idempotency-Key": "a-key-of-a-test"},
                json=EXAMPLES.get(path),
            )
            assert 400 <= answer.status_code < 500, (path, bad, answer.text)


def test_every_route_answers_a_valid_request_with_its_own_word(
    client: httpx.Client, member: Office
) -> None:
    """The role that may: an answer, or a refusal of the node; never the door's, never a 500."""
    for method, path in all_routes():
        answers = [
            send(client, method, path, headers=member.bearer(role)) for role in member.tokens
        ]
        assert all(answer.status_code < 500 or answer.status_code == 503 for answer in answers), [
            (path, answer.text) for answer in answers
        ]
        if path.startswith("/v1/"):
            assert any(answer.status_code not in (401, 403) for answer in answers) or all(
                answer.json()["code"].startswith("NOT_THE") for answer in answers
            ), (path, [answer.text for answer in answers])


def test_every_route_stands_in_the_description_with_its_security(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    for write in WRITES:
        operation = described["paths"][write.path]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        assert content["example"] == dict(write.example)
        assert operation["security"] == [{"token": []}]
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path | set(content["schema"]["properties"]) == set(write.model.model_fields)
        assert any(p["name"] == "idempotency-key" for p in operation["parameters"])
    assert described["paths"]["/v1/health"]["get"]["security"] == []


def test_every_reference_in_the_description_leads_somewhere(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()

    def check(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                kind, _, name = value["$ref"].removeprefix("#/components/").partition("/")
                assert name in described["components"][kind], value["$ref"]
            for item in value.values():
                check(item)
        elif isinstance(value, list):
            for item in value:
                check(item)

    check(described)
