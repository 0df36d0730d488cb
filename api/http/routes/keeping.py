"""How long documents are kept: reading it, legal holds, and deletion when the time is over."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel import Session, col, func, select

from api.http.doors import allow, node_of, reading
from api.http.errors import NothingHere
from api.http.parameters import HoldId, Id
from api.http.reads.documents import deleted_json, disclosure_json, hold_json, kept_json
from api.http.shapes.documents import (
    DeletedShape,
    DisclosuresShape,
    KeptListShape,
    LegalHoldShape,
    LegalHoldsShape,
    ReasonBody,
)
from node.documents.keeping import (
    DELETE,
    HOLD,
    LIFT,
    delete_document,
    holds_of,
    is_kept,
    lift_hold,
    place_hold,
)
from node.store.documents import DisclosureRow, DocumentRow, LegalHoldRow

router = APIRouter(tags=["documents"])
READ = "ReadKeeping"
PAGE = 200


@router.get("/v1/documents", response_model=KeptListShape)
def list_documents(
    request: Request,
    after: Annotated[Id | None, Query(description="the last root of the page before")] = None,
) -> dict[str, Any]:
    """List the documents held, and until when each must be kept."""
    with reading(request, READ) as reader:
        query = select(DocumentRow).order_by(col(DocumentRow.root)).limit(PAGE)
        if after is not None:
            query = query.where(col(DocumentRow.root) > after)
        rows = reader.session.exec(query).all()
        standing = _standing(reader.session, [row.root for row in rows])
        retention = reader.node.retention
        return {"documents": [kept_json(row, retention, standing.get(row.root, 0)) for row in rows]}


@router.get("/v1/disclosures", response_model=DisclosuresShape)
def list_disclosures(
    request: Request,
    after: Annotated[Id | None, Query(description="the last root of the page before")] = None,
) -> dict[str, Any]:
    """List what was disclosed to this member, and until when each must be kept."""
    with reading(request, READ) as reader:
        query = select(DisclosureRow).order_by(col(DisclosureRow.root)).limit(PAGE)
        rows = reader.session.exec(query.where(col(DisclosureRow.root) > (after or ""))).all()
        standing = _standing(reader.session, [row.root for row in rows])
        keep = reader.node.retention
        told = [disclosure_json(row, keep, standing.get(row.root, 0)) for row in rows]
        return {"disclosures": told}


def _require_kept(session: Session, root: str) -> None:
    if not is_kept(session, root):
        raise NothingHere("This member holds nothing under this root.", root=root)


def _standing(session: Session, roots: list[str]) -> dict[str, int]:
    """How many legal holds stand, by root."""
    query = select(LegalHoldRow.root, func.count()).where(
        col(LegalHoldRow.lifted_at).is_(None), col(LegalHoldRow.root).in_(roots)
    )
    return dict(session.exec(query.group_by(LegalHoldRow.root)).all())


@router.get("/v1/documents/{root}/holds", response_model=LegalHoldsShape)
def list_holds(request: Request, root: Id) -> dict[str, Any]:
    """List every legal hold that was set on a document, lifted ones too."""
    with reading(request, READ) as reader:
        return {"holds": [hold_json(row) for row in holds_of(reader.session, root)]}


@router.post("/v1/documents/{root}/holds", status_code=201, response_model=LegalHoldShape)
def hold_document(request: Request, root: Id, body: ReasonBody) -> dict[str, Any]:
    """Put a document and its files on legal hold: nothing of them can be deleted."""
    actor = allow(request, HOLD)
    with node_of(request).db.begin() as session:
        if not is_kept(session, root):
            raise NothingHere(
                "This member holds no document of this root, nor was told of one.", root=root
            )
        return hold_json(place_hold(session, actor, root, body.reason))


@router.post("/v1/documents/{root}/holds/{hold}/lift", response_model=LegalHoldShape)
def lift_document_hold(
    request: Request, root: Id, hold: HoldId, body: ReasonBody
) -> dict[str, Any]:
    """Lift one legal hold; others on the document stand."""
    actor = allow(request, LIFT)
    with node_of(request).db.begin() as session:
        return hold_json(lift_hold(session, actor, root, hold, body.reason))


@router.post("/v1/documents/{root}/delete", response_model=DeletedShape)
def delete_held_document(request: Request, root: Id, body: ReasonBody) -> dict[str, Any]:
    """Delete a document and its files, or a disclosure: past its time, unheld, its title ended."""
    node, actor = node_of(request), allow(request, DELETE)
    with node.db.begin() as session:
        if not is_kept(session, root):
            raise NothingHere(
                "This member holds no document of this root, nor was told of one.", root=root
            )
        return deleted_json(delete_document(session, actor, root, body.reason, node.retention))
