"""What acts of Attestations do to the table of origins' logs."""

from identity.acts.words import OriginState
from node.chain.act_rows import missing, number, text
from node.chain.events import Event
from node.store.device_projections import LogOrigin
from node.store.projections import NOBODY
from node.store.rows import Row, Rows


def _log(rows: Rows, event: Event, owner: str) -> Row:
    log = rows.change(LogOrigin, owner, event.object)
    if log is None:
        log = rows.put(
            LogOrigin,
            owner=owner,
            origin=event.object,
            state=int(OriginState.OPEN),
            counter=0,
            size=0,
            root=NOBODY,
            last_block=0,
        )
    if event.counter != log["counter"] + 1:
        raise missing(event, log["counter"])
    log.update(counter=event.counter, last_block=event.block)
    return log


def _checkpoint(rows: Rows, event: Event) -> None:
    _log(rows, event, event.principal).update(
        size=number(event.fields, "size"), root=text(event.fields, "root")
    )


def _report_split(rows: Rows, event: Event) -> None:
    _log(rows, event, text(event.fields, "owner"))["state"] = int(OriginState.SPLIT)


ATTESTATION_EFFECTS = {"Checkpoint": _checkpoint, "ReportSplit": _report_split}
