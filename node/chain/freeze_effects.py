"""What authorities' acts do to a title: freezes under their orders, and transfers bound by one."""

from sqlmodel import col

from identity.acts.words import FreezeStage
from node.chain.act_rows import missing, number, text
from node.chain.events import Event
from node.chain.title_effects import NO_OFFER, controller_of, make_out_to, rulebook, title_row
from node.store.projections import NOBODY, TitleFreeze
from node.store.rows import Row, Rows


def _freeze(rows: Rows, event: Event) -> None:
    title_row(rows, event)["freezes"] += 1
    rows.put(
        TitleFreeze,
        title=event.object,
        order=text(event.fields, "order"),
        stage=int(FreezeStage.FROZEN),
        member=event.principal,
        port=number(event.fields, "port"),
        transferable_from=event.block_time + rulebook(rows, event)["transfer_seconds"],
        proposal=NOBODY,
        proposed_by=NOBODY,
        proposed_to=NOBODY,
        ends_lien=False,
        frozen_block=event.block,
        last_block=event.block,
    )


def _freeze_of(rows: Rows, event: Event) -> Row:
    freeze = rows.change(TitleFreeze, event.object, text(event.fields, "order"))
    if freeze is None:
        raise missing(event, None)
    freeze["last_block"] = event.block
    return freeze


def _lift(rows: Rows, event: Event) -> None:
    title_row(rows, event)["freezes"] -= 1
    _freeze_of(rows, event)["stage"] = int(FreezeStage.LIFTED)


def _propose_transfer(rows: Rows, event: Event) -> None:
    title_row(rows, event)
    _freeze_of(rows, event).update(
        stage=int(FreezeStage.PROPOSED),
        proposal=event.digest,
        proposed_by=event.principal,
        proposed_to=text(event.fields, "to"),
        ends_lien=bool(event.fields["endsLien"]),
    )


def _confirm_transfer(rows: Rows, event: Event) -> None:
    title, freeze = title_row(rows, event), _freeze_of(rows, event)
    freeze["stage"] = int(FreezeStage.TRANSFERRED)
    title.update(NO_OFFER, holder=freeze["proposed_to"])
    make_out_to(title, freeze["proposed_to"])
    if freeze["ends_lien"]:
        title.update(pledgee=NOBODY, enforceable_from=0)
    title["controller"] = controller_of(title)


def lapse_all_proposals(rows: Rows) -> None:
    """Another version of Titles is in force: what was proposed may be proposed again, at once."""
    proposed = col(TitleFreeze.stage) == int(FreezeStage.PROPOSED)
    for freeze in rows.change_where(TitleFreeze, proposed):
        freeze.update(
            stage=int(FreezeStage.FROZEN), transferable_from=0, proposal=NOBODY,
            proposed_by=NOBODY, proposed_to=NOBODY, ends_lien=False,
        )  # fmt: skip


FREEZE_EFFECTS = {
    "Freeze": _freeze,
    "Lift": _lift,
    "ProposeTransfer": _propose_transfer,
    "ConfirmTransfer": _confirm_transfer,
}
