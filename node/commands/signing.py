"""From an accepted command to a signed act: number the bill, wait for deliveries, ask the signer.

Both tasks are outbox work and safe to run twice: they look at the command again inside the
transaction that stores their result. While the signer is down they wait; nothing else does.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, select

from identity.acts.typed import Act, act_from_json, act_to_json
from identity.errors import IdentityError, RateExceeded
from identity.errors import Unavailable as IdentityUnavailable
from identity.signatures.numbering import tag
from node.commands.bodies import to_bytes, to_hex
from node.commands.queue import expire
from node.commands.states import CodedError, move, refusal_of
from node.documents.deliveries import owe, require_acknowledged
from node.documents.errors import DeliveryRefused
from node.documents.package import Numbering
from node.errors import BillAlreadyIssued
from node.jobs import enqueue
from node.store.commands import ACCEPTED, REFUSED, SIGNED, Command
from node.store.documents import FOR_DOCUMENT
from node.store.projections import Title

if TYPE_CHECKING:
    from node.node import Node

NUMBER = "number"
SIGN = "sign"
# How long a signed act may wait for its relay; the signer's own bound is wider.
ACT_SECONDS = 3600


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
    enqueue(session, SIGN, {"command": command.id, "deliveries": [delivery]})


def sign_command(node: "Node", payload: dict[str, Any]) -> None:
    """Sign a command's act once every delivery that it needs is acknowledged.

    Raises:
        Waiting: a delivery is still under way.
        SignerUnavailable, RateExceeded, AuditUnavailable: the row is tried again.
    """
    now = int(time.time())
    refused: DeliveryRefused | None = None
    with node.db.read() as session:
        command = _accepted(session, payload["command"])
        if command is None:
            return
        if now <= command.expires:
            try:
                require_acknowledged(session, payload["deliveries"])
            except DeliveryRefused as error:
                refused = error
    if now > command.expires:
        _expire(node, command.id, now)
    elif refused is not None:
        _refuse(node, command.id, refused)
    else:
        _sign(node, command, now + ACT_SECONDS, payload.get("attached", ""))


def _expire(node: "Node", command_id: str, now: int) -> None:
    with node.db.begin() as session:
        command = _accepted(session, command_id)
        if command is not None:
            expire(session, command, now)


def _sign(node: "Node", command: Command, expires: int, attached: str) -> None:
    """Have the act signed; ``attached`` (hex) follows the signature when it is relayed."""
    act = act_from_json(command.act)
    act = Act(act.name, {**act.fields, "expires": expires})
    try:
        signed = node.signer.sign_act(act)
    except IdentityError as error:
        _refuse_or_retry(node, command.id, error)
        return
    with node.db.begin() as session:
        stored = _accepted(session, command.id)
        if stored is None:
            return
        stored.act = act_to_json(act)
        stored.expires = expires
        stored.wire = signed.wire.hex() + attached
        stored.digest = to_hex(signed.digest)
        move(session, stored, SIGNED, int(time.time()))


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
