"""The metrics behind a token: what the door refused stands in them, no path and no body does."""

import httpx
from support.office_node import Office


def test_refusals_and_times_are_counted_by_code_and_class(
    client: httpx.Client, member: Office
) -> None:
    client.get("/v1/titles")
    client.request("PATCH", "/v1/titles")
    answer = client.get("/v1/metrics", headers=member.bearer("auditor"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'lading_refusals_total{code="CREDENTIAL_MISSING",status="401"}' in answer.text
    assert 'lading_request_seconds_count{method="other",status="4xx"}' in answer.text
    assert "PATCH" not in answer.text


def test_a_node_is_ready_while_its_database_answers(client: httpx.Client, member: Office) -> None:
    answer = client.get("/v1/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})
    path = member.node.db.path
    hidden = path.with_name("hidden")
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).rename(hidden.with_name(f"hidden{suffix}"))
    member.node.db.close()
    path.mkdir()
    answer = client.get("/v1/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "STORAGE_UNAVAILABLE")
    assert client.get("/v1/health").status_code in (200, 503)
    path.rmdir()
    for suffix in ("", "-wal", "-shm"):
        if hidden.with_name(f"hidden{suffix}").exists():
            hidden.with_name(f"hidden{suffix}").rename(path.with_name(path.name + suffix))
    assert client.get("/v1/ready").status_code == 200
