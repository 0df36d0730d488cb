"""Making evidence files: the answer is the file itself, as ``lading verify`` reads it."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from api.http.doors import allow, node_of
from api.http.parameters import ContainerNumber, Id
from node.audit.record import record

router = APIRouter(tags=["evidence"])
EXPORT = "ExportEvidence"


class EvidenceRequest(BaseModel):
    """What the file is about: a container by its number, or a title by its id."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"container": "MAEU6543213"}],
            "oneOf": [
                {
                    "required": [one],
                    "properties": {one: {"type": "string"}, other: {"type": "null"}},
                }
                for one, other in (("container", "title"), ("title", "container"))
            ],
        },
    )

    container: Annotated[ContainerNumber | None, Field(description="ISO 6346")] = None
    title: Id | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> "EvidenceRequest":
        if (self.container is None) == (self.title is None):
            raise ValueError("name a container or a title")
        return self


@router.post(
    "/v1/evidence",
    response_class=Response,
    responses={200: {"description": "An evidence file.", "content": {"application/json": {}}}},
)
def make_evidence(request: Request, body: EvidenceRequest) -> Response:
    """Make an evidence file and have it witnessed; repeating it changes nothing."""
    # What makes files takes 0.1 s to load, for which no start should wait.
    from node.evidence import exporting  # noqa: PLC0415

    node = node_of(request)
    actor = allow(request, EXPORT)
    if body.container is not None:
        evidence = exporting.export_container(node, body.container)
    else:
        evidence = exporting.export_title(node, str(body.title))
    roles = ",".join(sorted(actor.roles))
    with node.db.begin() as session:
        title = str(evidence.export.body["title"])
        record(session, EXPORT, "final", subject=actor.subject, role=roles, object_id=title)
    return Response(evidence.to_bytes(), media_type="application/json")
