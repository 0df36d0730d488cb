"""Evidence files of this member's node: what it may show, and who witnesses for it.

Apart from node/evidence/service.py, which every node needs: this is loaded when a file is made.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from identity.profile.profile import Profile
from node.documents.registry import TRANSPORT_DOCUMENT
from node.documents.service import tree_of
from node.errors import NodeError, Unavailable
from node.evidence.errors import NothingToProve
from node.evidence.export import Exporter, Subject
from node.evidence.file import EvidenceFile
from node.evidence.service import ANCHORS, CONTENT_TYPE, order_of, salts_of
from node.evidence.statements import Body
from node.store.projections import Title
from privacy.canonical import canonical_json
from privacy.disclosures import Disclosure

if TYPE_CHECKING:
    from node.node import Node

WITNESS_SECONDS = 5.0
_PAUSE_SECONDS = 0.2


def export_container(node: "Node", number: str) -> EvidenceFile:
    """Return the evidence of a container's newest title.

    It shows what this member was sent of the bill: an authority its statutory fields, another
    holder of the bill the one field with the container's number; and the container's salt.

    Raises:
        NothingToProve: no title that this member was told of names the container.
        WitnessesMissing, LedgerUnavailable, and what the vault raises.
    """
    with node.db.read() as session:
        titles = [
            row
            for title in node.statutory.titles_of_container(session, number)
            if (row := session.get(Title, title)) is not None
        ]
        if not titles:
            raise NothingToProve("This node was told of no title with that container.")
        title = max(titles, key=lambda row: row.issued_block)
        subject = _subject(node, session, title, number)
    return exporter(node).export(subject)


def export_title(node: "Node", title: str) -> EvidenceFile:
    """Return the evidence of a title and its order; it shows nothing of any document.

    Raises: as ``export_container``.
    """
    with node.db.read() as session:
        order = order_of(session, title)
    return exporter(node).export(Subject(title, order.id if order is not None else None))


def exporter(node: "Node") -> Exporter:
    """Return the exporter of this member's node."""

    def profiles(members: Sequence[str]) -> list[Profile]:
        held: list[Profile] = []
        for member in members:
            with suppress(NodeError):  # a name that is not at hand is left out
                held.append(node.directory.profile(member))
        return held

    return Exporter(
        node.settings.member,
        node.network,
        node.rpc,
        node.db,
        node.keys.signing_key("witness"),
        lambda member, request: ask_witness(node, member, request),
        profiles,
    )


def ask_witness(node: "Node", member: str, request: Body) -> Body:
    """Ask another member's node for its signatures; a moment of patience if it is behind.

    Raises: PeerUnavailable, PeerRefused, PeerUnknown, PeerNotActive, ProfileNotHeld.
    """
    body = canonical_json(request)
    deadline = time.monotonic() + WITNESS_SECONDS
    while True:
        try:
            answer: Any = node.exchange.client.post(member, ANCHORS, body, CONTENT_TYPE)
            return dict(answer)
        except Unavailable as error:
            behind = error.facts.get("peer_code") == "WITNESS_BEHIND"
            if not behind or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_SECONDS)


def _subject(node: "Node", session: Session, title: Title, number: str) -> Subject:
    order = order_of(session, title.id)
    salts = salts_of(node, session, order, number) if order is not None else []
    return Subject(
        title=title.id,
        order=order.id if order is not None else None,
        container=number,
        disclosures=_disclosures(node, session, title, number),
        containers=tuple((number, salt) for _, salt in salts),
    )


def _disclosures(
    node: "Node", session: Session, title: Title, number: str
) -> tuple[Disclosure, ...]:
    told = node.statutory.told(session, title)
    if told is not None:
        return (told,)
    if not node.documents.holds(session, title.root):
        return ()
    package = node.documents.package(session, title.root)
    if package.schema_id != TRANSPORT_DOCUMENT:
        return ()
    tree = tree_of(package)
    return (tree.disclose(path for path, value in tree.fields.items() if value == number),)
