"""Four eyes: what waits for another person's approval, and that person's yes or no.

An approval is a signature over ``challenge``, by a key that the authority file names;
docs/protocol/authority.md gives the bytes. The node checks it, and the signer checks it again.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field

from api.http.commands import command_json, find_command
from api.http.doors import allow, node_of, reading
from api.http.errors import BodyInvalid
from api.http.parameters import CommandId
from api.http.reads.wording import moment
from api.http.shapes.approvals import ApprovalShape, ApprovalsShape
from api.http.shapes.commands import CommandShape
from identity.acts.typed import act_to_json
from identity.acts.wording import describe, describe_zh
from node.approvals.giving import APPROVE, READ, Pending, approve, decline, find, pending

router = APIRouter(tags=["approvals"])
Hex = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2}){1,4096}$")]


class Proof(BaseModel):
    """A certificate's key gives ``signature`` alone; a passkey's assertion all four."""

    model_config = ConfigDict(extra="forbid", strict=True)

    signature: Hex
    credential: Hex | None = None
    authenticator_data: Hex | None = None
    client_data: Hex | None = None


class Given(BaseModel):
    """An approval as it is sent."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"example": {"kind": "certificate", "proof": {"signature": "0x00"}}},
    )

    kind: Literal["certificate", "passkey"]
    proof: Proof


@router.get("/v1/approvals", response_model=ApprovalsShape)
def list_approvals(request: Request) -> dict[str, Any]:
    """List what waits for an approval, in words, and whether the caller may give it."""
    with reading(request, READ) as reader:
        found = pending(reader.session, reader.actor)
        return {"approvals": [approval_json(each) for each in found]}


@router.get("/v1/approvals/{command}", response_model=ApprovalShape)
def get_approval(request: Request, command: CommandId) -> dict[str, Any]:
    """Show one command that waits."""
    with reading(request, READ) as reader:
        return approval_json(find(reader.session, reader.actor, command))


@router.post("/v1/approvals/{command}", response_model=CommandShape)
def give_approval(
    request: Request, command: CommandId, given: Annotated[Given, Body()]
) -> dict[str, Any]:
    """Approve a command with a signature; it goes on when it was the last that was needed."""
    actor = allow(request, APPROVE)
    proof = given.proof.model_dump(exclude_none=True)
    return _command(request, approve(node_of(request), actor, command, given.kind, proof))


@router.post("/v1/approvals/{command}/decline", response_model=CommandShape)
def decline_approval(request: Request, command: CommandId) -> dict[str, Any]:
    """Say no: the command ends as refused."""
    actor = allow(request, APPROVE)
    if request.state.json != {}:
        raise BodyInvalid("The body is not an empty object.", fields=[])
    return _command(request, decline(node_of(request), actor, command))


def approval_json(each: Pending) -> dict[str, Any]:
    """Return what waits, in words."""
    return {
        "command": each.command.id,
        "verb": each.command.verb,
        "object": each.command.object,
        "says": describe(each.act),
        "says_zh": describe_zh(each.act),
        "act": act_to_json(each.act),
        "terms": each.request.terms,
        "digest": each.request.digest,
        "challenge": None if each.challenge is None else "0x" + each.challenge.hex(),
        "needed": each.request.needed,
        "given": list(each.given),
        "refused": each.refused,
        "expires": moment(each.request.expires),
        "created_at": moment(each.request.created_at),
    }


def _command(request: Request, command: str) -> dict[str, Any]:
    with node_of(request).db.read() as session:
        return command_json(find_command(session, command))
