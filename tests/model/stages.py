"""Ways by which a title gets far: verbs one after the other, each by the row that fits."""

from collections.abc import Iterator

from model.companies import COMPANIES, DISCHARGE, hash_of
from model.drawing import DAY, Drawn, Pen, by_row, fitting_rows, issue
from model.drawing_releases import open_order, release_acts
from model.titles import Title

Step = tuple[str, ...]  # a verb and conditions of its row; or "wait" and days

_LIVE: tuple[Step, ...] = (("Accept",),)
_PLEDGED: tuple[Step, ...] = (*_LIVE, ("Offer", "as_pledgee"), ("Accept", "as_pledgee"))
_SURRENDERED: tuple[Step, ...] = (
    *_LIVE,
    ("Surrender", "for_delivery", "unpledged"),
    ("Accept", "for_delivery"),
)
_ENFORCING: tuple[Step, ...] = (*_PLEDGED, ("RecordDefault",), ("wait", "8"))
_AMENDING: tuple[Step, ...] = (("Surrender", "for_amendment"),)
_ORDERED: tuple[Step, ...] = (*_SURRENDERED, ("open",))
_OUT = ("GateOut", "InterchangeOut")
_TRANSFERABLE: tuple[Step, ...] = (("Freeze",), ("wait", "4"), ("ProposeTransfer",))
_TRANSFERRED = (*_TRANSFERABLE, ("ConfirmTransfer",), ("ConfirmTransfer",))
STAGES: dict[str, tuple[Step, ...]] = {
    "surrendered": _SURRENDERED,
    "pledged": _PLEDGED,
    "enforcing": _ENFORCING,
    "order opened": _ORDERED,
    "closed": (*_ORDERED, ("release", *_OUT, "ReturnEmpty", "InterchangeIn")),
    "reinstated": (*_ORDERED, ("release", *_OUT, "ProposeReinstatement", "ConfirmReinstatement")),
    "cancelled": (*_ORDERED, ("release", "ProposeCancellation", "ConfirmCancellation")),
    "right passed": (*_ORDERED, ("release", "TransferRight", "AcceptRight", "GateOut")),
    "held": (*_ORDERED, ("release", "HoldOrder", "GateOut", "LiftHold", "GateOut")),
    "sold": (*_ENFORCING, ("Offer", "enforceable"), ("Accept", "as_holder")),
    "taken": (*_ENFORCING, ("Surrender", "enforceable"), ("Accept", "for_delivery"), ("open",)),
    "amended": (*_LIVE, *_AMENDING, ("Amend",)),
    "amended under a lien": (*_PLEDGED, *_AMENDING, ("ConsentAmendment",), ("Amend",)),
    "in paper": (*_LIVE, ("Surrender", "for_paper"), ("Accept", "for_paper")),
    "transferred": (*_LIVE, *_TRANSFERRED),
    "transferred under a lien": (*_PLEDGED, *_TRANSFERRED),
    "frozen to the brim": (*_LIVE, ("brim",)),
}


def steps(pen: Pen, stage: str) -> Iterator[Drawn | int]:
    """Give the acts that bring a new title to the stage, and days to wait between them."""
    first = issue(pen)
    yield first
    for verb, *conditions in STAGES[stage]:
        title = pen.world.titles.get(first.act.object)
        if title is None:
            return
        if verb == "wait":
            yield int(conditions[0]) * DAY
        elif verb == "open":
            yield open_order(pen, title)
        elif verb == "release":
            order = pen.world.releases.orders.get(pen.world.releases.order_of.get(title.id, b""))
            if order:
                yield from release_acts(pen, order, conditions)
        elif verb == "brim":
            yield from _many_freezes(pen, title)
        else:
            rows = [
                row
                for row in fitting_rows(pen, title)
                if row.verb == verb and set(conditions) <= set(row.when)
            ]
            if rows:
                yield by_row(pen, title, pen.one_of(rows))


def _many_freezes(pen: Pen, title: Title) -> Iterator[Drawn]:
    customs = COMPANIES["customs"].id
    for number in range(16):
        order = hash_of(f"order of many {number}")
        yield pen.act("Freeze", customs, title.id, 0, port=DISCHARGE, order=order)
