"""Other members' nodes tell by their answers that they run and what time it is there."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from support.peers import make_member

from identity.acts.words import Role
from node.exchange.tls import server_context, tls_files
from node.member import NewMember
from node.upkeep.findings import Finding
from node.upkeep.peers import peers


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[NewMember, int]]:
    folder = tmp_path_factory.mktemp("peers")
    return [make_member(folder, name, Role.CARRIER) for name in ("own", "a", "b", "c")]


@contextmanager
def listening(member: tuple[NewMember, int], own: NewMember, ahead: int) -> Iterator[None]:
    """Answer as a peers listener does, by a clock that is so many seconds ahead."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(int(time.time()) + ahead)

        def log_message(self, *_: object) -> None:
            pass

    new, port = member
    server = ThreadingHTTPServer(("127.0.0.1", port), Answer)
    context = server_context(tls_files(new.directory), lambda: own.profile.tls_certificates)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def findings(members: Sequence[tuple[NewMember, int]], *ahead: int | None) -> list[Finding]:
    """Ask the others, whose clocks are so far ahead; None is one that does not run."""
    (own, _), *others = members
    with ExitStack() as running:
        for member, seconds in zip(others, ahead, strict=True):
            if seconds is not None:
                running.enter_context(listening(member, own, seconds))
        profiles = {new.hex_id: new.profile for new, _ in others}
        return list(peers(tls_files(own.directory), profiles))


Members = list[tuple[NewMember, int]]


def test_members_that_answer_at_the_same_hour_are_well(members: Members) -> None:
    found = findings(members, 0, 1, -1)
    assert [(each.code, each.state) for each in found] == [
        *[("PEER_SILENT", "ok")] * 3,
        ("CLOCK_OFF", "ok"),
    ]


def test_a_clock_far_from_most_others_is_off(members: Members) -> None:
    *_, clock = findings(members, 90, 91, 0)
    assert (clock.code, clock.state) == ("CLOCK_OFF", "fail")
    assert "90 s ahead" in clock.sentence or "89 s ahead" in clock.sentence


def test_one_other_clock_that_is_off_is_named_and_not_blamed_on_this_one(members: Members) -> None:
    *_, clock = findings(members, 0, -3600, 0)
    assert clock.state == "warn"
    assert members[2][0].hex_id in clock.sentence


def test_two_others_do_not_decide_that_this_clock_is_off(members: Members) -> None:
    *_, clock = findings(members, 3600, None, 3600)
    assert clock.state == "warn"
    assert all(members[place][0].hex_id in clock.sentence for place in (1, 3))


def test_a_member_that_does_not_answer_is_named(members: Members) -> None:
    silent, *_ = findings(members, None, 0, 0)
    assert (silent.code, silent.state) == ("PEER_SILENT", "warn")
    assert members[1][0].hex_id in silent.sentence


def test_without_an_answer_nothing_is_said_of_the_clock(members: Members) -> None:
    assert {each.code for each in findings(members, None, None, None)} == {"PEER_SILENT"}


def test_a_listener_with_another_certificate_does_not_count(members: Members) -> None:
    own, a, b, _ = members
    stranger = (b[0], a[1])  # at the address of a, with the certificate of b
    with listening(stranger, own[0], 0):
        silent, *_ = findings([own, a], None)
    assert silent.state == "warn"
