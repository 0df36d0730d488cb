"""Reading members, commands and documents."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.http.commands import command_json, find_command
from api.http.doors import credential_of, reading
from api.http.errors import NothingHere
from api.http.intent import ForGoal
from api.http.parameters import CommandId, Id
from api.http.reads.members import all_members, member_json, names_of
from api.http.reads.wording import moment
from api.http.shapes.commands import CommandShape
from api.http.shapes.documents import DocumentShape
from api.http.shapes.members import MembersShape, MeShape
from node.store.commands import Command
from node.store.documents import DocumentRow

router = APIRouter(tags=["members"])


@router.get("/v1/me", response_model=MeShape)
def get_me(request: Request) -> dict[str, Any]:
    """Say whose token this is, and whose node answers."""
    with reading(request, "ReadStatus") as reader:
        return {
            "member": reader.member,
            "name": names_of(reader.node, reader.member)[0],
            "subject": reader.actor.subject,
            "roles": sorted(credential_of(request).roles),
            "as_of": reader.as_of(),
        }


@router.get("/v1/members", response_model=MembersShape)
def list_members(request: Request) -> dict[str, Any]:
    """List the network's members."""
    with reading(request, "ReadMembers") as reader:
        members = [member_json(reader.node, row) for row in all_members(reader.session)]
        return {"members": members, "as_of": reader.as_of()}


@router.get(
    "/v1/commands/{command}",
    response_model=CommandShape,
    responses={202: {"model": CommandShape, "description": "The time to wait was up."}},
)
async def get_command(request: Request, command: CommandId, waiting: ForGoal) -> dict[str, Any]:
    """Say what became of a write."""

    def read() -> Command:
        with reading(request, "ReadCommand") as reader:
            return find_command(reader.session, command)

    return command_json(await waiting.for_goal(await run_in_threadpool(read)))


@router.get("/v1/documents/{root}", response_model=DocumentShape)
def get_document(request: Request, root: Id) -> dict[str, Any]:
    """Show a document this member holds, by its root."""
    with reading(request, "ReadDocument") as reader:
        row = reader.session.get(DocumentRow, root)
        if row is None:
            raise NothingHere("This member holds no document of this root.", root=root)
        package = reader.node.documents.package(reader.session, root)
        return {
            "root": root,
            "schema": package.schema_id,
            "title": package.title,
            "source_member": row.source_member,
            "received_at": moment(row.received_at),
            "seed": "0x" + package.seed.hex(),
            "numbering": package.numbering.to_json() if package.numbering else None,
            "document": package.document,
        }
