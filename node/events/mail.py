"""Sends one notice to one person by mail, as work of the outbox.

A mail names ids and leads to the member's own pages; it holds nothing of a document. Its
Message-ID is the notice's, so a mail that is sent twice, because the node was killed before it
could note the first, shows as one where mail programs look at it.
"""

import os
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import structlog

from node.events.errors import MailUnavailable
from node.metrics import notices_sent
from node.settings import Smtp
from node.store.events import MAIL_REFUSED, SENT, NoticeRow

if TYPE_CHECKING:
    from node.node import Node

TASK = "notice"
SECONDS = 20.0
PASSWORD_VARIABLE = "LADING_SMTP_PASSWORD"  # noqa: S105 - a name, no secret
PERMANENT = 500

_SAYS = {
    "offer": ("An offer waits for your answer", "有一份交付等待贵方答复"),
    "deadline": ("An offer lapses within 24 hours", "有一份交付将在24小时内失效"),
    "freeze": ("A title was frozen under an authority's order", "有一份提单物权已被冻结"),
    "hold": ("A release was held under an authority's order", "有一份放货已被暂停"),
}

log = structlog.get_logger("events")


def send_notice(node: "Node", payload: dict[str, Any]) -> None:
    """Send the notice that ``payload`` names, unless it was sent; safe to run twice.

    Raises:
        MailUnavailable: the mail server does not take it now.
    """
    with node.db.read() as session:
        row = session.get(NoticeRow, payload["notice"])
    if row is None or row.state in (SENT, MAIL_REFUSED):
        return
    address = next((p.mail for p in node.settings.people if p.name == row.person), None)
    state = MAIL_REFUSED
    if address is not None and node.settings.smtp is not None:
        state = _send(node.settings.smtp, _mail(node, row, address, node.settings.smtp.sender))
    notices_sent.labels(row.kind, state).inc()

    with node.db.begin(beside=True) as session:
        stored = session.get(NoticeRow, row.id, with_for_update=True)
        if stored is not None:
            stored.state, stored.sent_at = state, int(time.time())


def _mail(node: "Node", row: NoticeRow, address: str, sender: str) -> EmailMessage:
    english, chinese = _SAYS[row.kind]
    lines = [f"{english}.", f"{chinese}。", "", f"object: {row.object}"]
    if row.title is not None:
        lines += [f"title:  {row.title}", f"{node.profile.api_url}/titles/{row.title}"]
    if row.deadline is not None:
        at = datetime.fromtimestamp(min(row.deadline, 2**37), UTC)
        lines.append(f"until:  {at:%Y-%m-%d %H:%M} UTC")
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = f"{english} / {chinese}"
    mail["Date"] = format_datetime(datetime.fromtimestamp(row.created_at, UTC))
    mail["Message-ID"] = f"<{row.id}@{node.settings.member[2:18]}.lading.invalid>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(lines) + "\n")
    return mail


def _send(smtp: Smtp, mail: EmailMessage) -> str:
    """Give a mail to the server; return its state then, or raise MailUnavailable."""
    try:
        with smtplib.SMTP(smtp.host, smtp.port, timeout=SECONDS) as server:
            if smtp.starttls:
                server.starttls(context=ssl.create_default_context())
            if smtp.username is not None:
                server.login(smtp.username, os.environ.get(PASSWORD_VARIABLE, ""))
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        if all(code >= PERMANENT for code, _ in error.recipients.values()):
            log.warning("a person's address is refused by the mail server")
            return MAIL_REFUSED
        raise MailUnavailable("The mail server does not take the address now.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(f"The mail server: {type(error).__name__}.") from error
    return SENT
