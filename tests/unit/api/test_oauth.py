"""Machines' access tokens: given for a proof by key, narrowed to verbs, ended at once."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import delete, select
from support.office_node import OTHER, Office

from identity.people.machines import import_key
from identity.signatures.algorithms import Algorithm
from identity.signatures.verify import sign
from node.people import clients
from node.store.audit import AuditRow
from node.store.people import AccessToken, FailedAttempts

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assertion(client: httpx.Client, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "erp", "sub": "erp", "aud": str(client.base_url.join("/oauth/token")),
        "exp": now + 60, "jti": secrets.token_hex(8),
    }  # fmt: skip
    text = encoded({"alg": "ES256"}) + "." + encoded(claims | changes)
    return text + "." + encoded(sign(Algorithm.ES256, KEY, text.encode()))


def form(given: str, **changes: Any) -> dict[str, Any]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": given,
    } | changes


def ask(client: httpx.Client, **changes: Any) -> httpx.Response:
    return client.post("/oauth/token", data=form(assertion(client)) | changes)


def bearer(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(autouse=True)
def erp(member: Office) -> Iterator[None]:
    with member.node.db.begin() as session:
        clients.add(session, "erp", import_key(PEM), ["clerk", "gate"], int(time.time()))
    yield
    with member.node.db.begin() as session:
        session.exec(delete(FailedAttempts))
        if any(row.name == "erp" for row in clients.list_of(session)):
            clients.remove(session, "erp")


def test_a_machine_gets_a_token_that_opens_the_api(client: httpx.Client) -> None:
    answer = ask(client)
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 300, "clerk gate")
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/v1/me", headers=bearer(answer)).json()["subject"] == "erp"


def test_a_scope_narrows_what_a_token_may_do(client: httpx.Client) -> None:
    token = bearer(ask(client, scope="ReadTitle ReadStatus"))
    assert client.get("/v1/titles", headers=token).status_code == 200
    refused = client.get("/v1/members", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_NOT_GRANTED")
    body, key = {"size": 1, "root": OTHER}, {"Idempotency-Key": secrets.token_hex(8)}
    refused = client.post("/v1/checkpoints", json=body, headers=token | key)
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE_NOT_GRANTED")


def test_a_role_is_a_scope_of_all_its_verbs(client: httpx.Client) -> None:
    answer = ask(client, scope="clerk")
    assert "ReadTitle" in answer.json()["scope"].split()
    assert client.get("/v1/titles", headers=bearer(answer)).status_code == 200


@pytest.mark.parametrize("scope", ["admin", "AddKey", "ReadTitle AddKey", "openid", "readtitle"])
def test_a_scope_beyond_the_clients_roles_is_refused(client: httpx.Client, scope: str) -> None:
    answer = ask(client, scope=scope)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_scope"})


def test_an_assertion_is_taken_once(client: httpx.Client) -> None:
    given = assertion(client)
    assert client.post("/oauth/token", data=form(given)).status_code == 200
    answer = client.post("/oauth/token", data=form(given))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_every_refusal_of_a_machine_reads_the_same_and_is_recorded(
    client: httpx.Client, member: Office
) -> None:
    answers = [
        client.post("/oauth/token", data=form(given) | more)
        for given, more in (
            (assertion(client, sub="nobody", iss="nobody"), {}),
            (assertion(client, aud="https://elsewhere.example"), {}),
            (assertion(client, exp=1), {}),
            (assertion(client) + "A", {}),
            (assertion(client), {"client_id": "other"}),
            ("", {"client_assertion": "x"}),
        )
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {
        (401, '{"error":"invalid_client"}')
    }
    with member.node.db.read() as session:
        codes = set(session.exec(select(AuditRow.code).where(AuditRow.verb == "SignIn")))
    assert {"CLIENT_UNKNOWN", "CLAIM_AUD_OTHER", "CLAIM_EXPIRED", "CLIENT_OTHER"} <= codes


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "other"}, "invalid_request"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, "invalid_request"),
    ],
)
def test_another_way_of_asking_is_refused(
    client: httpx.Client, changes: dict[str, Any], error: str
) -> None:
    answer = ask(client, **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_many_failures_make_a_machine_wait(client: httpx.Client) -> None:
    statuses = [client.post("/oauth/token", data=form("a.b.c")).status_code for _ in range(23)]
    assert statuses[:21] == [401] * 21
    waits = client.post("/oauth/token", data=form("a.b.c"))
    assert (waits.status_code, waits.json()["error"]) == (429, "slow_down")
    assert int(waits.headers["retry-after"]) > 0


def test_a_client_that_is_removed_has_no_token_any_more(
    client: httpx.Client, member: Office
) -> None:
    token = bearer(ask(client))
    with member.node.db.begin() as session:
        clients.remove(session, "erp")
    refused = client.get("/v1/me", headers=token)
    assert (refused.status_code, refused.json()["code"]) == (401, "CREDENTIAL_UNKNOWN")


def test_a_token_ends_by_its_time(client: httpx.Client, member: Office) -> None:
    token = bearer(ask(client))
    with member.node.db.begin() as session:
        for row in session.exec(select(AccessToken)):
            row.until = int(time.time())
            session.add(row)
    assert client.get("/v1/me", headers=token).status_code == 401


def test_what_only_looks_like_an_access_token_is_refused(client: httpx.Client) -> None:
    for token in ("lat_", "lat_" + "x" * 40, "lat_" + "x" * 300):
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "CREDENTIAL_UNKNOWN")
