"""The council after the founding: what stands, its motions, applications, a member's ties."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlmodel import col, select

from api.http.doors import Reader, reading
from api.http.errors import NothingHere
from api.http.parameters import Id
from api.http.reads.members import names_of
from api.http.shapes.council import (
    CheckedShape,
    CouncilShape,
    MotionShape,
    MotionsShape,
    NetworkDraftShape,
    TiesShape,
)
from identity.acts.typed import act_to_json
from identity.acts.wording import describe
from identity.council.application import file_hash, read
from node.chain.versions import in_force
from node.council.applications import FAIL, Known, check
from node.council.motions import OPEN, Motion, motions, threshold
from node.council.network_draft import draft
from node.council.ties import ties_of
from node.store.council_projections import ContractVersion, Council, CouncilSeat, RulebookInForce
from node.store.projections import Authority, AuthorityMotion, Member

router = APIRouter(tags=["council"])
READ = "ReadMembers"


@router.get("/v1/council", response_model=CouncilShape)
def get_council(request: Request) -> dict[str, Any]:
    """Show the council, the rulebook and the contracts in force."""
    with reading(request, READ) as reader:
        session = reader.session
        council = session.exec(select(Council)).first()
        rules = session.exec(select(RulebookInForce)).first()
        version = session.exec(select(ContractVersion)).first()
        if council is None or rules is None or version is None:
            raise NothingHere("This node has not followed the ledger yet.")
        seats = session.exec(select(CouncilSeat).order_by(col(CouncilSeat.place)))
        network = in_force(session, reader.node.network)
        return {
            "epoch": council.counter,
            "threshold": council.threshold,
            "seats": [
                {"member": seat.member, "name": _name(reader, seat.member), "key": seat.key}
                for seat in seats
            ],
            "rulebook": {
                "hash": rules.rulebook,
                "number": rules.counter,
                "enforcement_seconds": rules.enforcement_seconds,
                "transfer_seconds": rules.transfer_seconds,
            },
            "version": version.counter,
            "contracts": {name: place.address for name, place in network.contracts.items()},
            "assignments": _assignments(reader),
            "as_of": reader.as_of(),
        }


@router.get("/v1/network", response_model=NetworkDraftShape)
def get_network(request: Request) -> dict[str, Any]:
    """Show network.json as the ledger stands now, unsigned: what the council's seats sign anew."""
    with reading(request, READ) as reader:
        node = reader.node
        made = draft(reader.session, node.rpc, node.network)
        same = made.body() == node.network.body()
        return {"network": made.body(), "is_in_use": same, "as_of": reader.as_of()}


@router.get("/v1/motions", response_model=MotionsShape)
def list_motions(
    request: Request,
    every: Annotated[bool, Query(description="Also those that were carried or lapsed.")] = False,
) -> dict[str, Any]:
    """List the motions that are open, or every one since the founding."""
    with reading(request, READ) as reader:
        found = [each for each in motions(reader.session) if every or each.state == OPEN]
        needed = threshold(reader.session)
        return {
            "motions": [_motion(reader, each, needed) for each in found],
            "as_of": reader.as_of(),
        }


@router.get("/v1/motions/{motion}", response_model=MotionShape)
def get_motion(request: Request, motion: Id) -> dict[str, Any]:
    """Show a motion: what it says, who has assented, what a seat signs to assent."""
    with reading(request, READ) as reader:
        for each in motions(reader.session):
            if each.id == motion:
                return _motion(reader, each, threshold(reader.session))
        raise NothingHere("The ledger has no motion of this id.", motion=motion)


@router.post("/v1/applications/check", response_model=CheckedShape)
def check_application(request: Request) -> dict[str, Any]:
    """Say what of an application holds, what a person must look at, and what fails."""
    application = read(request.state.json)
    with reading(request, READ) as reader:
        node = reader.node
        keys = {key for key, _ in application.keys}
        known = Known.read(reader.session, node.directory.profile, keys)
        found = check(application, node.network, known, reader.now)
        return {
            "member": application.member,
            "kind": application.kind,
            "application": file_hash(application),
            "passed": all(finding.state != FAIL for finding in found),
            "findings": [vars(finding) for finding in found],
            "as_of": reader.as_of(),
        }


@router.get("/v1/members/{member}/ties", response_model=TiesShape)
def get_ties(request: Request, member: Id) -> dict[str, Any]:
    """List the titles and orders for which the member cannot leave."""
    with reading(request, "ReadTitle") as reader:
        if reader.session.get(Member, member) is None:
            raise NothingHere("There is no such member.", member=member)
        ties = [vars(tie) for tie in ties_of(reader.session, member)]
        return {"member": member, "ties": ties, "as_of": reader.as_of()}


def _name(reader: Reader, member: str) -> str | None:
    return names_of(reader.node, member)[0]


def _assignments(reader: Reader) -> list[dict[str, Any]]:
    given: dict[tuple[int, int], list[str]] = {}
    for row in reader.session.exec(select(Authority).order_by(col(Authority.member))):
        given.setdefault((row.port, row.role), []).append(row.member)
    return [
        {
            "port": row.port,
            "role": row.role,
            "counter": row.counter,
            "members": given.get((row.port, row.role), []),
        }
        for row in reader.session.exec(
            select(AuthorityMotion).order_by(col(AuthorityMotion.port), col(AuthorityMotion.role))
        )
    ]


def _motion(reader: Reader, motion: Motion, needed: int) -> dict[str, Any]:
    return {
        "motion": motion.id,
        "verb": motion.act.name,
        "object": "0x" + motion.act.object.hex(),
        "says": describe(motion.act),
        "act": act_to_json(motion.act),
        "epoch": motion.epoch,
        "state": motion.state,
        "assents": [
            {"member": member, "name": _name(reader, member), "block": block}
            for member, block in motion.assents.items()
        ],
        "needed": needed,
        "carried_block": motion.carried_block,
    }
