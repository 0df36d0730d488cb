"""People are told once what waits for them: by mail, and webhooks by an event of the stream."""

import email
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import select
from support.office_node import Office
from support.self_signed import self_signed
from support.title_lives import (
    BANK,
    DEADLINE,
    SHIPPER,
    accept,
    founded_ledger,
    freeze,
    hex_of,
    hold,
    issue,
    offer,
    release,
    title_id,
)
from synthetic_ledger import GENESIS_TIME, SyntheticLedger

from node.chain.follower import Follower
from node.events.errors import MailUnavailable
from node.events.mail import TASK, send_notice
from node.events.notices import Notifier
from node.settings import Person, Smtp
from node.store.commands import OutboxRow
from node.store.events import EventRow, NoticeRow

NOW = GENESIS_TIME + 60.0
LATE = GENESIS_TIME + 10 * 86_400


class Mailbox:
    """A mail server that keeps what it takes; ``says`` is its answer to each recipient."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.says = "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.says.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.says

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        self.mails.append(email.message_from_bytes(envelope.content))
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = Controller(
        mailbox, hostname="127.0.0.1", port=0, tls_context=tls, require_starttls=tls is not None
    )
    # A Controller on port 0 looks for itself at port 0: start its thread without that look.
    ready = threading.Event()
    thread = threading.Thread(target=server._run, args=(ready,), daemon=True)
    thread.start()
    server._thread = thread
    assert ready.wait(10)
    assert server.server is not None
    try:
        yield server.server.sockets[0].getsockname()[1]
    finally:
        server.stop()


def employ(office: Office, port: int = 9, *names: str, starttls: bool = False) -> None:
    """Have the node tell these people."""
    people = tuple(Person(name=name, mail=f"{name}@shipper.example") for name in names)
    smtp = Smtp(host="127.0.0.1", port=port, starttls=starttls, sender="node@shipper.example")
    told = {"people": people, "smtp": smtp, "member": hex_of(SHIPPER)}
    office.node.settings = office.node.settings.model_copy(update=told)


class Desk:
    """The shipper's node over a ledger of made-up blocks."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.ledger: SyntheticLedger = founded_ledger()
        self._follower = Follower(self.ledger, office.node.db, self.ledger.network, stream=True)
        self.follow()
        self.notifier = self.restarted()

    def restarted(self) -> Notifier:
        notifier = Notifier(self.office.node, threading.Event())
        notifier._begin()
        return notifier

    def follow(self, *logs: Any) -> None:
        if logs:
            self.ledger.add_block(logs)
        while self._follower.step():
            pass

    def look(self, now: float = NOW) -> None:
        while self.notifier.step(now):
            pass

    def notices(self) -> list[tuple[str, str]]:
        with self.office.node.db.read() as session:
            rows = session.exec(select(NoticeRow)).all()
            return sorted((row.person, row.kind) for row in rows)

    def work(self) -> int:
        """Send what waits in the outbox; return how many."""
        with self.office.node.db.read() as session:
            rows = session.exec(select(OutboxRow).where(OutboxRow.kind == TASK)).all()
        for row in rows:
            send_notice(self.office.node, row.payload)
        return len(rows)


@pytest.fixture
def desk(office: Office) -> Desk:
    employ(office, 9, "li", "ada")
    return Desk(office)


def test_an_offer_that_waits_is_told_once_to_each_person_and_to_the_stream(desk: Desk) -> None:
    desk.follow(issue(desk.ledger, 1, deadline=LATE))
    for _ in range(3):
        desk.look()
    assert desk.notices() == [("", "offer"), ("ada", "offer"), ("li", "offer")]
    desk.notifier = desk.restarted()
    desk.look()
    assert len(desk.notices()) == 3
    with desk.office.node.db.read() as session:
        told = session.exec(select(EventRow).where(EventRow.kind == "notice")).all()
    assert [(row.verb, row.title) for row in told] == [("offer", hex_of(title_id(1)))]


def test_offers_of_others_to_others_and_our_own_are_not_told(desk: Desk) -> None:
    desk.follow(issue(desk.ledger, 1, deadline=LATE), accept(desk.ledger, 1, 2, SHIPPER))
    desk.look()
    assert desk.notices() == [], "it was accepted before anybody looked"
    desk.follow(offer(desk.ledger, 1, 3, BANK, deadline=LATE))
    desk.look()
    assert desk.notices() == []


def test_a_deadline_is_told_a_day_before_the_offer_lapses(desk: Desk) -> None:
    desk.follow(issue(desk.ledger, 1, deadline=LATE))
    desk.look()
    desk.look(LATE - 86_400 - 60)
    assert ("li", "deadline") not in desk.notices()
    desk.look(LATE - 86_400 + 60)
    desk.look(LATE - 86_400 + 120)
    assert desk.notices().count(("li", "deadline")) == 1
    desk.notifier = desk.restarted()
    desk.look(LATE - 3_600)
    assert desk.notices().count(("li", "deadline")) == 1


def test_an_offer_that_lapses_within_a_day_is_told_once_with_its_deadline(desk: Desk) -> None:
    desk.follow(issue(desk.ledger, 1, deadline=DEADLINE))
    desk.look(NOW)
    desk.look(NOW + 600)
    assert [kind for person, kind in desk.notices() if person == "li"] == ["offer"]


def test_an_offer_that_was_answered_has_no_deadline_any_more(desk: Desk) -> None:
    desk.follow(issue(desk.ledger, 1, deadline=LATE))
    desk.look()
    desk.follow(accept(desk.ledger, 1, 2, SHIPPER))
    desk.look(LATE - 3_600)
    assert ("li", "deadline") not in desk.notices()


def test_freezes_and_holds_of_what_concerns_this_member_are_told_each_once(desk: Desk) -> None:
    ledger = desk.ledger
    desk.follow(issue(ledger, 1, LATE), accept(ledger, 1, 2, SHIPPER), freeze(ledger, 1, 3))
    desk.follow(freeze(ledger, 1, 4, b"M" * 32))
    desk.follow(issue(ledger, 2, LATE), accept(ledger, 2, 2, SHIPPER), *release(ledger, 2)[:3])
    desk.follow(hold(ledger, 2, 2))
    for _ in range(2):
        desk.look()
    mine = [kind for person, kind in desk.notices() if person == "li"]
    assert mine == ["freeze", "freeze", "hold"]


def test_a_person_is_told_only_what_they_want_to_know(office: Office) -> None:
    employ(office, 9, "li")
    office.node.settings = office.node.settings.model_copy(
        update={"people": (Person(name="li", mail="li@x.example", notices=("freeze",)),)}
    )
    desk = Desk(office)
    desk.follow(issue(desk.ledger, 1, LATE))
    desk.look()
    assert desk.notices() == [("", "offer")]


def test_a_mail_names_ids_and_a_link_and_is_sent_once(office: Office) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        employ(office, port, "li")
        desk = Desk(office)
        desk.follow(issue(desk.ledger, 1, LATE))
        desk.look()
        for _ in range(2):
            assert desk.work() == 1
    (mail,) = mailbox.mails
    assert (mail["To"], mail["From"]) == ("li@shipper.example", "node@shipper.example")
    text = mail.get_payload(decode=True).decode()
    link = f"{office.node.profile.api_url}/titles/{hex_of(title_id(1))}"
    assert link in text
    assert "until:  2027-01-25" in text
    assert mail["Message-ID"].endswith(".lading.invalid>")


def test_a_mail_that_the_server_does_not_take_now_is_tried_again(office: Office) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        employ(office, port, "li")
        desk = Desk(office)
        desk.follow(issue(desk.ledger, 1, LATE))
        desk.look()
        mailbox.says = "450 later"
        with pytest.raises(MailUnavailable):
            desk.work()
        mailbox.says = "250 OK"
        desk.work()
    assert len(mailbox.mails) == 1
    employ(office, 9, "li")
    desk.follow(issue(desk.ledger, 2, LATE))
    desk.look()
    with pytest.raises(MailUnavailable):
        desk.work()


def test_an_address_that_is_refused_for_good_is_given_up(office: Office) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        employ(office, port, "li")
        desk = Desk(office)
        desk.follow(issue(desk.ledger, 1, LATE))
        desk.look()
        mailbox.says = "550 no such user"
        desk.work()
    with office.node.db.read() as session:
        row = session.exec(select(NoticeRow).where(NoticeRow.person == "li")).one()
    assert row.state == "refused"


def test_with_starttls_nothing_is_sent_in_clear_nor_to_an_unknown_certificate(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = self_signed(tmp_path, "IP:127.0.0.1")
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        employ(office, port, "li", starttls=True)
        desk = Desk(office)
        desk.follow(issue(desk.ledger, 1, LATE))
        desk.look()
        with pytest.raises(MailUnavailable):
            desk.work()  # the server offers no TLS
    with mail_server(mailbox, context) as port:
        employ(office, port, "li", starttls=True)
        with pytest.raises(MailUnavailable):
            desk.work()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        desk.work()
    assert len(mailbox.mails) == 1


def test_a_running_node_tells_by_itself(office: Office) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        employ(office, port, "li")
        desk = Desk(office)
        messengers = office.node.messengers()
        messengers.start()
        try:
            desk.follow(issue(desk.ledger, 1, deadline=int(time.time()) + 10 * 86_400))
            until = time.monotonic() + 20
            while not desk.notices():
                assert time.monotonic() < until
                time.sleep(0.05)
        finally:
            messengers.close()
        desk.work()
    assert len(mailbox.mails) == 1
