"""Gives an accepted issue its title: numbers the bill, then queues delivery and signing.

The task is outbox work and safe to run twice: it looks at the command again inside the transaction
that stores its result. While the signer is down it waits; nothing else does.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

from identity.acts.typed import Act, act_from_json, act_to_json
from identity.errors import IdentityError, RateExceeded
from identity.errors import Unavailable as IdentityUnavailable
from identity.signatures.numbering import tag
from node.approvals.holding import queue_signing
from node.commands.bodies import to_bytes, to_hex
from node.commands.signing import work
from node.commands.states import CodedError, move, refusal_of
from node.documents.deliveries import owe
from node.documents.package import Numbering
from node.errors import BillAlreadyIssued
from node.store.commands import ACCEPTED, REFUSED, Command
from node.store.documents import FOR_DOCUMENT
from node.store.projections import Title

if TYPE_CHECKING:
    from node.node import Node

NUMBER = "number"


def number_bill(node: "Node", payload: dict[str, Any]) -> None:
    """Give an issue its title: number the bill, send the document to the holder, queue signing.

    Raises:
        SignerUnavailable, RateExceeded, AuditUnavailable: the row is tried again.
    """
    with node.db.read() as session:
        command = _accepted(session, payload["command"])
        if command is None or command.object is not None:
            return
        root = to_hex(_field(command, "root"))
        document = node.documents.read_document(session, root)
    bill_number = str(document["transportDocumentReference"])
    try:
        signature = node.signer.number(bill_number)
    except IdentityError as error:
        _refuse_or_retry(node, command.id, error)
        return
    numbering = Numbering(node.settings.member, bill_number, signature)
    with node.db.begin() as session:
        _take_title(node, session, command.id, to_hex(tag(signature)), root, numbering)


def _take_title(
    node: "Node", session: Session, command_id: str, title: str, root: str, numbering: Numbering
) -> None:
    command = _accepted(session, command_id)
    if command is None or command.object is not None:
        return
    command.object = title
    if session.get(Title, title) is not None:
        error = BillAlreadyIssued("A title for this bill number exists already.", title=title)
        move(session, command, REFUSED, int(time.time()), refusal_of(error))
        return
    act = act_from_json(command.act)
    holder = to_hex(_field(command, "holder"))
    command.act = act_to_json(replace(act, fields={**act.fields, "object": to_bytes(title)}))
    command.result = {**command.result, "title": title}
    session.add(command)
    node.documents.number(session, root, title, numbering)
    delivery = owe(session, root, holder, FOR_DOCUMENT)
    node.statutory.tell(session, root, _port_of_discharge(act))
    queue_signing(node, session, command, work([command.id], [delivery]))


def _refuse_or_retry(node: "Node", command_id: str, error: IdentityError) -> None:
    """Raise what may pass by itself; end the command with what will not."""
    if isinstance(error, IdentityUnavailable | RateExceeded):
        raise error
    _refuse(node, command_id, error)


def _refuse(node: "Node", command_id: str, error: CodedError) -> None:
    with node.db.begin() as session:
        command = _accepted(session, command_id)
        if command is not None:
            move(session, command, REFUSED, int(time.time()), refusal_of(error))


def _accepted(session: Session, command_id: str) -> Command | None:
    """Return the command while it is still to be signed."""
    query = select(Command).where(Command.id == command_id, Command.state == ACCEPTED)
    return session.exec(query).first()


def _field(command: Command, name: str) -> bytes:
    value = act_from_json(command.act).fields[name]
    if not isinstance(value, bytes):
        raise TypeError(f"{name} is not bytes")
    return value


def _port_of_discharge(act: Act) -> int:
    port = act.fields["discharge"]
    if not isinstance(port, int):
        raise TypeError("discharge is not a number")
    return port
