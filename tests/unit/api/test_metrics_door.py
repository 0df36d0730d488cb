"""The metrics behind a token: what the door refused stands in them, no path and no body does."""

import httpx
from support.office_node import Office


def test_refusals_and_times_are_counted_by_code_and_class(
    client: httpx.Client, member: Office
) -> None:
    client.get("/v1/titles")
    client.request("BREW", "/v1/titles")
    answer = client.get("/v1/metrics", headers=member.bearer("auditor"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'lading_refusals_total{code="CREDENTIAL_MISSING",status="401"}' in answer.text
    assert 'lading_request_seconds_count{method="other",status="4xx"}' in answer.text
    assert "BREW" not in answer.text
