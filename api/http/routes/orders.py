"""Reading delivery orders, pickup rights, and a container's history by its number."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.http.doors import Reader, reading
from api.http.parameters import ContainerNumber, Id
from api.http.reads.events import event_json, events_of, objects_of_order
from api.http.reads.orders import find_order, order_json
from api.http.reads.titles import find_title
from api.http.routes.titles import titles_told
from api.http.shapes.events import EventsShape, HistoryShape, UntoldShape
from api.http.shapes.orders import OrderShape, PickupsShape
from node.documents.delivery_order import read_delivery_order
from node.evidence.service import objects_of_container
from node.releases.pickups import find_pickups
from node.store.projections import DeliveryOrder

router = APIRouter(tags=["orders"])


@router.get("/v1/orders/{order}", response_model=OrderShape)
def get_order(request: Request, order: Id) -> dict[str, Any]:
    """Show a delivery order with its conditions and pickup rights."""
    with reading(request, "ReadOrder") as reader:
        row = find_order(reader.session, order)
        numbers = numbers_by_tag(reader, row)
        return {**order_json(reader.session, row, numbers, reader.now), "as_of": reader.as_of()}


@router.get("/v1/orders/{order}/events", response_model=EventsShape)
def get_order_events(request: Request, order: Id) -> dict[str, Any]:
    """Tell what happened to an order, its conditions and its pickup rights."""
    with reading(request, "ReadEvents") as reader:
        find_order(reader.session, order)
        rows = events_of(reader.session, objects_of_order(reader.session, [order]))
        return {"events": [event_json(row) for row in rows], "as_of": reader.as_of()}


@router.get("/v1/pickups", response_model=PickupsShape)
def list_pickups(
    request: Request, container: Annotated[ContainerNumber, Query(description="ISO 6346")]
) -> dict[str, Any]:
    """Find the pickup rights of a container at this terminal, with the salt that names it."""
    with reading(request, "ReadPickups") as reader:
        found = find_pickups(reader.node, reader.session, container)
        return {"pickups": [pickup.to_json() for pickup in found], "as_of": reader.as_of()}


@router.get("/v1/containers/{number}/history", response_model=HistoryShape)
def get_container_history(request: Request, number: ContainerNumber) -> dict[str, Any]:
    """Tell a container's history by its number, from what this member was sent and the ledger."""
    with reading(request, "ReadContainer") as reader:
        titles = reader.node.statutory.titles_of_container(reader.session, number)
        objects = objects_of_container(reader.node, reader.session, number)
        return {
            "container": number,
            "titles": titles_told(reader, [find_title(reader.session, title) for title in titles]),
            "events": [event_json(row) for row in events_of(reader.session, objects)],
            "as_of": reader.as_of(),
        }


@router.get("/v1/disclosures/missing", response_model=UntoldShape)
def list_missing_disclosures(request: Request) -> dict[str, Any]:
    """List the titles naming this authority's port of which it was sent nothing yet."""
    with reading(request, "ReadContainer") as reader:
        rows = reader.node.statutory.missing(reader.session)
        return {"titles": titles_told(reader, rows), "as_of": reader.as_of()}


def numbers_by_tag(reader: Reader, row: DeliveryOrder) -> dict[str, str]:
    """Return container numbers by tag, when this member holds the order's document."""
    documents = reader.node.documents
    if not documents.holds(reader.session, row.root):
        return {}
    document = read_delivery_order(documents.read_document(reader.session, row.root))
    return {"0x" + container.tag.hex(): container.number for container in document.containers}
