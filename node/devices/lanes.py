"""Registering a lane: a terminal or depot names its key, its port, and its calibration's end."""

import secrets
from typing import Annotated

from pydantic import Field

from identity.acts.words import DeviceKind, Role
from node.commands.bodies import Address, Body, Id, Moment, to_bytes, to_hex
from node.commands.preparing import Context, Prepared
from node.commands.refusals import refusal_named
from node.store.device_projections import Device

LANE_OWNERS = Role.TERMINAL | Role.DEPOT
Port = Annotated[int, Field(ge=1, le=65535)]


class RegisterLaneBody(Body):
    """Register a lane at ``port`` (the ledger's id); ``lane`` is a new random id."""

    lane: Id | None = None
    key: Address
    port: Port
    calibrated_until: Moment


def prepare_register_lane(context: Context, body: RegisterLaneBody) -> Prepared:
    """State a new lane of this terminal or depot. Raises: ContractRefused."""
    context.active_member(context.member)
    if context.assigned_port((body.port,), LANE_OWNERS) is None:
        raise refusal_named(
            "NotAssigned", port=body.port, role=int(LANE_OWNERS), member=context.member
        )
    lane = to_bytes(body.lane) if body.lane else secrets.token_bytes(32)
    if context.session.get(Device, to_hex(lane)) is not None:
        raise refusal_named("DeviceExists", device=to_hex(lane))
    return Prepared(
        lane,
        0,
        {
            "key": to_bytes(body.key),
            "kind": int(DeviceKind.LANE),
            "port": body.port,
            "calibratedUntil": body.calibrated_until,
        },
    )
