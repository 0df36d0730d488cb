"""Whether the node does its work, and the rebuilding of its tables."""

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.doors import Reader, allow, node_of, require_no_body
from api.http.shapes.upkeep import HealthShape, ReadyShape, RebuiltShape
from identity.policy.decide import Actor
from node.audit.record import record
from node.errors import NodeError
from node.exchange.depths import DeliveryDepths
from node.metrics import MEDIA_TYPE, render
from node.serve import running_parts
from node.store.follower import LedgerFault
from node.upkeep.measures import NodeCollector

router = APIRouter(tags=["upkeep"])
REBUILD = "RebuildProjections"
KEEPING_UP_SECONDS = 30


@router.get("/v1/health", response_model=HealthShape)
def get_health(request: Request) -> dict[str, Any]:
    """Say whether the ledger answers and how far behind the tables are; open to all."""
    node = node_of(request)
    nobody = Actor(node.settings.member, "nobody", frozenset())
    with node.db.read() as session:
        as_of = Reader(node, nobody, session).as_of()
        fault = session.get(LedgerFault, 1)
    head = _head(request)
    height, behind = as_of["height"], as_of["behind_seconds"]
    well = (
        fault is None and head is not None and behind is not None and behind <= KEEPING_UP_SECONDS
    )
    return {
        "status": "ok" if well else "degraded",
        "member": node.settings.member,
        "ledger": {
            "reachable": head is not None,
            "head": head,
            "fault": None if fault is None else fault.code,
        },
        "behind_blocks": None if head is None or height is None else max(0, head - height),
        "parts": running_parts(node.settings.directory),
        "as_of": as_of,
    }


@router.get("/v1/ready", response_model=ReadyShape)
def get_ready(request: Request) -> dict[str, Any]:
    """Say that this process takes requests and its database answers; else 503. Open to all."""
    with node_of(request).db.read() as session:
        session.connection().exec_driver_sql("SELECT 1")
    return {"ready": True}


@router.get(
    "/v1/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(request: Request) -> Response:
    """What this process counts and measures, in Prometheus' text format."""
    allow(request, "ReadStatus")
    db = node_of(request).db
    return Response(render(NodeCollector(db), DeliveryDepths(db)), media_type=MEDIA_TYPE)


@router.post("/v1/projections/rebuild", response_model=RebuiltShape)
def rebuild_projections(request: Request) -> dict[str, Any]:
    """Drop the tables made from the ledger and fill them again, while new acts arrive."""
    # It knows PostgreSQL's driver, which a member with SQLite should not wait for at its start.
    from node.chain.rebuild import rebuild  # noqa: PLC0415

    node = node_of(request)
    actor = allow(request, REBUILD)
    require_no_body(request)
    rebuilt = rebuild(node.rpc, node.db, node.network)
    with node.db.begin() as session:
        record(session, REBUILD, "final", subject=actor.subject, role=",".join(sorted(actor.roles)))
    return {
        "height": rebuilt.height,
        "differing": rebuilt.differing,
        "tables": [vars(table) for table in rebuilt.tables],
    }


def _head(request: Request) -> int | None:
    """The ledger's last final block, asked at most once a second; None when it does not answer."""
    state = request.app.state
    asked_at, head = getattr(state, "head", (-1.0, None))
    if time.monotonic() - asked_at < 1:
        known: int | None = head
        return known
    try:
        node = node_of(request)
        block = node.probe.call("eth_getBlockByNumber", node.network.profile.final, False)
        head = int(block["number"], 16)
    except (NodeError, KeyError, TypeError, ValueError):
        head = None
    state.head = (time.monotonic(), head)
    return head
