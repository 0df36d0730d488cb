"""Whose page a form came from, under which name, and from which address."""

from pathlib import Path

import pytest
from starlette.requests import Request

from api.http.door import NEXT
from api.http.origins import address_of, cookie_name, is_from_own_page, own_origin
from node.errors import SettingsInvalid
from node.member import write_json
from node.people.people import party_at
from node.settings import Settings

PUBLIC = "https://lading.weser.example"


def settings(folder: Path, **more: object) -> Settings:
    write_json(
        folder / "settings.json",
        {"member": "0x" + "01" * 32, "ledger_url": "http://x", "api_port": 1, "peers_port": 2}
        | more,
    )
    return Settings.load(folder)


def request(peer: str = "192.0.2.7", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": (peer, 4711), "scheme": "http"})


def test_pages_are_at_their_public_name_and_at_names_of_loopback(tmp_path: Path) -> None:
    here = settings(tmp_path, public_url=PUBLIC)
    assert own_origin(request(host="lading.weser.example"), here) == PUBLIC
    assert own_origin(request(host="LOCALHOST:8080"), here) == "http://localhost:8080"
    assert own_origin(request(host="[::1]:8080"), here) == "http://[::1]:8080"
    for host in (
        "attacker.example",
        "localhost.attacker.example",
        "lading.weser.example:99",
        "[",
        "",
    ):
        assert own_origin(request(host=host), here) is None


def test_a_name_that_an_attackers_dns_leads_here_is_no_origin_of_ours(tmp_path: Path) -> None:
    rebound = request(host="attacker.example:8080", origin="http://attacker.example:8080")
    assert not is_from_own_page(rebound, settings(tmp_path))


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"origin": PUBLIC}, True),
        ({"origin": PUBLIC, "host": "127.0.0.1:8080"}, True),
        ({"origin": "http://127.0.0.1:8080", "host": "127.0.0.1:8080"}, True),
        ({"origin": "http://127.0.0.1:9999", "host": "127.0.0.1:8080"}, False),
        ({"origin": "http://lading.weser.example", "host": "lading.weser.example"}, False),
        ({"origin": "null", "host": "127.0.0.1:8080"}, False),
        ({"origin": PUBLIC + ".attacker.example"}, False),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "https://attacker.example", "sec_fetch_site": "same-origin"}, False),
        ({}, False),
    ],
)
def test_a_form_counts_from_the_pages_own_origin_alone(
    tmp_path: Path, headers: dict[str, str], own: bool
) -> None:
    given = {"host": "lading.weser.example"} | headers
    assert is_from_own_page(request(**given), settings(tmp_path, public_url=PUBLIC)) is own


def test_over_tls_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    here = settings(tmp_path, public_url=PUBLIC)
    assert cookie_name(request(host="lading.weser.example"), here).startswith("__Host-")
    assert cookie_name(request(host="localhost:8080"), here) == "lading_session"


def test_a_forwarded_address_is_believed_of_a_named_proxy_alone(tmp_path: Path) -> None:
    said = {"x_forwarded_for": "203.0.113.1, 203.0.113.9"}
    assert address_of(request(**said), settings(tmp_path)) == "192.0.2.7"
    proxied = settings(tmp_path, proxies=["192.0.2.7"])
    assert address_of(request(**said), proxied) == "203.0.113.9"
    assert address_of(request(), proxied) == "192.0.2.7"
    assert address_of(request(x_forwarded_for="<script>"), proxied) == "unknown"


def test_an_ipv6_network_is_one_address(tmp_path: Path) -> None:
    here = settings(tmp_path)
    assert address_of(request("2001:db8:1:2:3:4:5:6"), here) == "2001:db8:1:2::/64"
    assert address_of(request("::ffff:192.0.2.7"), here) == "192.0.2.7"


@pytest.mark.parametrize(
    "after",
    ["//attacker.example", "https://attacker.example", "/\\attacker.example", "/a//b", "/..", "",
     "/a?b", "/a#b", "/a\n", "/%2f", "attacker", "/.well-known", "/a/../b", "/ä"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(after: str) -> None:
    assert NEXT.fullmatch(after) is None


def test_signing_in_leads_on_to_a_page_of_ours() -> None:
    for after in ("/security", "/titles/0x" + "ab" * 32, "/approvals/7"):
        assert NEXT.fullmatch(after)


@pytest.mark.parametrize(
    "more",
    [{"public_url": "http://lading.example"}, {"public_url": PUBLIC + "/"},
     {"public_url": "https://LADING.example"},
     {"company": {"issuer": "http://login.example", "client_id": "x"}},
     {"company": {"issuer": "https://login.example"}}],
)  # fmt: skip
def test_settings_that_would_open_the_pages_are_refused(
    tmp_path: Path, more: dict[str, object]
) -> None:
    with pytest.raises(SettingsInvalid):
        settings(tmp_path, **more)


def test_passkeys_are_bound_to_the_name_without_its_port() -> None:
    party = party_at("https://lading.weser.example:8443")
    assert (party.id, party.origin) == (
        "lading.weser.example",
        "https://lading.weser.example:8443",
    )
