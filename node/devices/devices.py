"""Devices in service: registered, calibrated, suspended, resumed, and their reports corrected.

Lanes are devices too; ``lanes`` registers them. What is shown of a suspension or a correction is a
hash; the reports themselves stay with whoever made them.
"""

import secrets
from typing import Literal, Protocol

from identity.acts.words import DeviceKind, DeviceState
from identity.policy.decide import Facts
from node.commands.bodies import Body, Id, Moment, to_bytes, to_hex
from node.commands.preparing import RELEASE_AUTHORITIES, Context, Prepared
from node.commands.refusals import refusal_named
from node.devices.lanes import Port
from node.store.device_projections import Device, ReportCorrection


class RegisterDeviceBody(Body):
    """Register a device other than a lane, by the id of its key; ``device`` is a new random id."""

    device: Id | None = None
    key: Id
    kind: Literal["scale", "scanner", "gateway"]
    port: Port
    calibrated_until: Moment


class CalibrateBody(Body):
    """Record a calibration; ``certificate`` is the hash of its certificate."""

    device: Id
    calibrated_until: Moment
    certificate: Id


class SuspendDeviceBody(Body):
    """Suspend a device; ``reports`` is the hash of the reports that are the reason."""

    device: Id
    reports: Id


class ResumeDeviceBody(Body):
    """Put a device back in service; ``reason`` is the hash of the record that says why."""

    device: Id
    reason: Id


class CorrectReportBody(Body):
    """Say that the report ``wrong`` is corrected by the report ``right``, both by their hashes."""

    device: Id
    wrong: Id
    right: Id


class OnDevice(Protocol):
    """A body that names a device."""

    @property
    def device(self) -> str: ...


def device_facts(context: Context, body: OnDevice) -> Facts:
    """Return who may act on a device. Raises: ContractRefused (DeviceUnknown)."""
    device = device_at(context, body.device)
    assigned = context.assigned_port((device.port,), RELEASE_AUTHORITIES) is not None
    return Facts(
        node=context.member,
        device_owner=device.principal,
        authority=context.member if assigned else None,
    )


def prepare_register_device(context: Context, body: RegisterDeviceBody) -> Prepared:
    """State a new device of this member. Raises: ContractRefused."""
    context.active_member(context.member)
    device = body.device or to_hex(secrets.token_bytes(32))
    if body.device is not None and context.session.get(Device, device) is not None:
        raise refusal_named("DeviceExists", device=device)
    return Prepared(
        to_bytes(device),
        0,
        {
            "key": to_bytes(body.key),
            "kind": int(DeviceKind[body.kind.upper()]),
            "port": body.port,
            "calibratedUntil": body.calibrated_until,
        },
    )


def prepare_calibrate(context: Context, body: CalibrateBody) -> Prepared:
    """Record a calibration of this member's device. Raises: ContractRefused."""
    device = device_at(context, body.device)
    if body.calibrated_until < context.now:
        raise refusal_named(
            "CalibrationExpired", device=device.id, calibratedUntil=body.calibrated_until
        )
    return Prepared(
        to_bytes(device.id),
        device.counter,
        {"calibratedUntil": body.calibrated_until, "certificate": to_bytes(body.certificate)},
    )


def prepare_suspend_device(context: Context, body: SuspendDeviceBody) -> Prepared:
    """Take a device out of service. Raises: ContractRefused."""
    device = device_at(context, body.device)
    allowed = {DeviceState.IN_SERVICE}
    if device.principal != context.member:
        allowed.add(DeviceState.SUSPENDED_BY_OWNER)
    if device.state not in allowed:
        raise refusal_named("WrongState", object=device.id, state=device.state)
    return Prepared(to_bytes(device.id), 0, {"reports": to_bytes(body.reports)})


def prepare_resume_device(context: Context, body: ResumeDeviceBody) -> Prepared:
    """Put a device back in service: whoever's side suspended it. Raises: ContractRefused."""
    device = device_at(context, body.device)
    owner = device.principal == context.member
    if device.state == DeviceState.SUSPENDED_BY_OWNER and not owner:
        raise refusal_named(
            "NotTheOwner", device=device.id, principal=context.member, owner=device.principal
        )
    if device.state == DeviceState.SUSPENDED_BY_AUTHORITY and owner:
        raise refusal_named("OwnerMayNotResume", device=device.id)
    if device.state in (DeviceState.IN_SERVICE, DeviceState.EQUIVOCATED):
        raise refusal_named("WrongState", object=device.id, state=device.state)
    return Prepared(to_bytes(device.id), 0, {"reason": to_bytes(body.reason)})


def prepare_correct_report(context: Context, body: CorrectReportBody) -> Prepared:
    """Name the report that corrects another; neither is overwritten. Raises: ContractRefused."""
    device = device_at(context, body.device)
    if body.wrong == body.right:
        raise refusal_named("CorrectionMalformed", device=device.id)
    for report in (body.wrong, body.right):
        known = context.session.get(ReportCorrection, (device.id, report))
        if known is not None:
            raise refusal_named("ReportCorrected", device=device.id, report=report, by=known.right)
    return Prepared(
        to_bytes(device.id),
        device.counter,
        {"wrong": to_bytes(body.wrong), "right": to_bytes(body.right)},
    )


def device_at(context: Context, device_id: str) -> Device:
    """Return a device as projected; raises ContractRefused (DeviceUnknown)."""
    device = context.session.get(Device, device_id)
    if device is None:
        raise refusal_named("DeviceUnknown", device=device_id)
    return device
