"""Webhooks go to public https addresses, whatever a name resolves to at the moment of sending."""

import ipaddress
import socket
from typing import Any

import pytest

from node.events.errors import TargetInvalid
from node.events.sending import Sender, signature
from node.events.targets import check_form, is_public, resolve

PUBLIC = "93.184.215.14"


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def found(_host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_public(ipaddress.ip_address(address))
    answering(monkeypatch, PUBLIC, address)
    with pytest.raises(TargetInvalid):
        resolve("https://receiver.example/hook", anywhere=False)
    assert resolve("http://receiver.example/hook", anywhere=True)


def test_a_request_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, PUBLIC)
    target = resolve("https://receiver.example:8443/hook?a=b", anywhere=False)
    assert target.url == f"https://{PUBLIC}:8443/hook?a=b"
    assert (target.host, target.host_header) == ("receiver.example", "receiver.example:8443")
    answering(monkeypatch, "2606:2800:220:1::1")
    assert resolve("https://receiver.example", anywhere=False).url == (
        "https://[2606:2800:220:1::1]:443/"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example", "ftp://receiver.example", "receiver.example", "https://",
        "https://user:secret@receiver.example", "https://receiver.example/#part",
        "https://receiver.example:99999", "https://receiver.example:0", "https://[::1",
        "https://rëceiver.example", "https://receiver.example/a b", "https://receiver.example/\n",
        "https://receiver.example/" + "x" * 2_000,
    ],
)  # fmt: skip
def test_an_address_in_another_form_is_refused(url: str) -> None:
    with pytest.raises(TargetInvalid):
        check_form(url, anywhere=False)


def test_a_name_that_has_moved_inside_is_not_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    sender = Sender("https://receiver.example/hook", b"k" * 32, anywhere=False)
    answering(monkeypatch, "127.0.0.1")
    assert sender.send("msg_1", {}) == "TARGET_INVALID"
    sender.close()


def test_a_signature_is_the_standards_own_example() -> None:
    """From the specification's reference tests (standard-webhooks, Apache-2.0/MIT)."""
    import base64

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
