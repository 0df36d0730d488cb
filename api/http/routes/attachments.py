"""Copies of documents for people, and the files beside them: handed in, fetched, and sent on."""

import base64
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.http.doors import allow, node_of, reading
from api.http.errors import NothingHere
from api.http.intent import IdempotencyKey
from api.http.parameters import Id
from api.http.reads.documents import attachment_json, queue_json
from api.http.shapes.documents import (
    AttachmentShape,
    AttachmentsShape,
    QueuesShape,
    SendBody,
    SentShape,
)
from api.http.uploads import check_length, receive_file
from identity.policy.decide import Actor
from node.audit.record import record
from node.documents.attachments import ATTACH, DEFAULT_MEDIA_TYPE, check_names
from node.documents.copies import copy_source
from node.documents.deliveries import owe_again, owe_attachment
from node.documents.errors import DocumentNotHeld
from node.documents.streams import KeptStream
from node.errors import Refused
from node.exchange.lines import queues
from node.node import Node
from node.store.documents import AttachmentRow, DeliveryRow, DocumentRow

router = APIRouter(tags=["documents"])
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": _BYTES}}}
_FILE: dict[int | str, Any] = {
    200: {"description": "The file.", "content": {"application/octet-stream": _BYTES}}
}
_PDF: dict[int | str, Any] = {
    200: {"description": "The copy.", "content": {"application/pdf": _BYTES}}
}


@router.post(
    "/v1/documents/{root}/attachments",
    status_code=201,
    response_model=AttachmentShape,
    openapi_extra=_UPLOAD,
)
async def attach_file(
    request: Request,
    root: Id,
    key: IdempotencyKey,
    name: Annotated[str, Query(min_length=1, max_length=200, examples=["survey.pdf"])],
) -> dict[str, Any]:
    """Keep a file of at most 100 MiB beside a document; its type is the request's content type."""
    node, actor = node_of(request), allow(request, ATTACH)
    media_type = request.headers.get("content-type", DEFAULT_MEDIA_TYPE).partition(";")[0].strip()
    names = check_names(name, media_type.lower())
    check_length(request)
    await run_in_threadpool(_require_document, node, root)
    writer = await run_in_threadpool(node.attachments.write, root)
    kept = await receive_file(request, writer)
    return await run_in_threadpool(_note, node, actor, key, root, names, kept)


@router.get("/v1/documents/{root}/pdf", response_class=Response, responses=_PDF)
def make_copy(request: Request, root: Id) -> Response:
    """Show a document, or what this member was told of it, as a PDF marked as a copy."""
    with reading(request, "ReadDocument") as reader:
        try:
            source = copy_source(reader.node, reader.session, root)
        except DocumentNotHeld as error:
            raise NothingHere(error.message, root=root) from error
    return Response(source.to_pdf(), media_type="application/pdf")


@router.get("/v1/documents/{root}/attachments", response_model=AttachmentsShape)
def list_attachments(request: Request, root: Id) -> dict[str, Any]:
    """List the files beside a document."""
    with reading(request, "ReadDocument") as reader:
        files = reader.node.attachments
        rows = files.of(reader.session, root)
        return {"attachments": [attachment_json(row, files.manifest(row)) for row in rows]}


@router.get(
    "/v1/documents/{root}/attachments/{stream}", response_class=StreamingResponse, responses=_FILE
)
def fetch_file(request: Request, root: Id, stream: Id) -> StreamingResponse:
    """Fetch a file, checked whole before its first byte is answered."""
    node = node_of(request)
    with reading(request, "ReadDocument") as reader:
        manifest = node.attachments.manifest(_row(reader.session, root, stream))
    content = node.attachments.read(manifest)
    digest = base64.b64encode(bytes.fromhex(manifest.sha256[2:])).decode()
    headers = {
        "content-length": str(manifest.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(manifest.name, safe='')}",
        "repr-digest": f"sha-256=:{digest}:",
    }
    return StreamingResponse(content, media_type=manifest.media_type, headers=headers)


@router.post(
    "/v1/documents/{root}/attachments/{stream}/deliveries",
    status_code=202,
    response_model=SentShape,
)
def send_file(request: Request, root: Id, stream: Id, body: SendBody) -> dict[str, Any]:
    """Send a file to a member that has its document; the same again changes nothing."""
    node, actor = node_of(request), allow(request, ATTACH)
    with node.db.begin() as session:
        row = session.get_one(
            DeliveryRow, owe_attachment(session, _row(session, root, stream), body.to)
        )
        roles = ",".join(sorted(actor.roles))
        record(session, "SendFile", row.state, subject=actor.subject, role=roles, object_id=root)
        return {"id": stream, "to": body.to, "state": row.state, "refusal": row.refusal}


@router.post("/v1/documents/{root}/deliveries", status_code=202, response_model=SentShape)
def send_document_again(request: Request, root: Id, body: SendBody) -> dict[str, Any]:
    """Send a document once more to a member that had it and has lost it."""
    node, actor = node_of(request), allow(request, ATTACH)
    with node.db.begin() as session:
        row = owe_again(session, root, body.to)
        roles = ",".join(sorted(actor.roles))
        record(
            session, "SendDocument", row.state, subject=actor.subject, role=roles, object_id=root
        )
        return {"id": root, "to": body.to, "state": row.state, "refusal": row.refusal}


@router.get("/v1/deliveries", response_model=QueuesShape)
def list_deliveries(request: Request) -> dict[str, Any]:
    """List what waits for other members, and since when their nodes answer no more."""
    with reading(request, "ReadStatus") as reader:
        return {"queues": [queue_json(queue) for queue in queues(reader.session)]}


def _note(
    node: Node, actor: Actor, key: str, root: str, names: tuple[str, str], kept: KeptStream
) -> dict[str, Any]:
    """Note a file that is in the vault; one that was handed in before under the key is dropped."""
    manifest, digest = node.attachments.seal(kept, root, *names)
    roles = ",".join(sorted(actor.roles))
    try:
        with node.db.begin() as session:
            row = node.attachments.note_own(session, manifest, digest, actor.subject, roles, key)
            told = manifest if row.stream == manifest.stream else node.attachments.manifest(row)
    except Refused:  # of other errors it is not known whether the row was stored
        node.attachments.discard(manifest.stream, digest)
        raise
    if row.stream != manifest.stream:
        node.attachments.discard(manifest.stream, digest)
    return attachment_json(row, told)


def _require_document(node: Node, root: str) -> None:
    with node.db.read() as session:
        if session.get(DocumentRow, root) is None:
            raise NothingHere("This member holds no document of this root.", root=root)


def _row(session: Session, root: str, stream: str) -> AttachmentRow:
    row = session.get(AttachmentRow, stream)
    if row is None or row.root != root:
        raise NothingHere("No such file stands beside this document.", id=stream)
    return row
