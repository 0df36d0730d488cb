"""What acts of Devices do to the tables of devices and corrected reports."""

from identity.acts.words import DeviceState
from node.chain.act_rows import missing, next_row, number, require_first, text
from node.chain.events import Event
from node.store.device_projections import Device, ReportCorrection
from node.store.projections import NOBODY
from node.store.rows import Rows


def device_moved(rows: Rows, event: Event) -> str:
    """Move the device counter to that of a lane act; return the lane's id; raises EventMissing."""
    lane_id = text(event.fields, "lane")
    lane = rows.change(Device, lane_id)
    if lane is None:
        raise missing(event, None)
    lane["device_counter"] = number(event.fields, "deviceCounter")
    return lane_id


def _register(rows: Rows, event: Event) -> None:
    require_first(event)
    fields = event.fields
    rows.put(
        Device,
        id=event.object,
        principal=event.principal,
        key=text(fields, "key"),
        kind=number(fields, "kind"),
        port=number(fields, "port"),
        calibrated_until=number(fields, "calibratedUntil"),
        certificate=NOBODY,
        state=int(DeviceState.IN_SERVICE),
        reports=NOBODY,
        counter=event.counter,
        device_counter=0,
    )


def _calibrate(rows: Rows, event: Event) -> None:
    next_row(rows, event, Device).update(
        calibrated_until=number(event.fields, "calibratedUntil"),
        certificate=text(event.fields, "certificate"),
    )


def _suspend_device(rows: Rows, event: Event) -> None:
    device = next_row(rows, event, Device)
    by_owner = event.principal == device["principal"]
    state = DeviceState.SUSPENDED_BY_OWNER if by_owner else DeviceState.SUSPENDED_BY_AUTHORITY
    device.update(state=int(state), reports=text(event.fields, "reports"))


def _resume_device(rows: Rows, event: Event) -> None:
    next_row(rows, event, Device)["state"] = int(DeviceState.IN_SERVICE)


def _prove_equivocation(rows: Rows, event: Event) -> None:
    next_row(rows, event, Device)["state"] = int(DeviceState.EQUIVOCATED)


def _correct_report(rows: Rows, event: Event) -> None:
    next_row(rows, event, Device)
    rows.put(
        ReportCorrection,
        device=event.object,
        wrong=text(event.fields, "wrong"),
        right=text(event.fields, "right"),
        principal=event.principal,
        block=event.block,
    )


DEVICE_EFFECTS = {
    "RegisterLane": _register,
    "RegisterDevice": _register,
    "Calibrate": _calibrate,
    "SuspendDevice": _suspend_device,
    "ResumeDevice": _resume_device,
    "ProveEquivocation": _prove_equivocation,
    "CorrectReport": _correct_report,
}
