"""What must hold whatever the table says: each sentence is one check on an act that took effect.

The model is compared with the contracts, so what it shows of a title stands on the ledger too.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from model.members import NOBODY
from model.titles import Title

from identity.acts.typed import Act
from identity.acts.words import SurrenderPurpose, TitleState

Check = Callable[[Act, Title, Title], bool]


def copy_of(title: Title | None) -> Title | None:
    """Return the title as it stands now."""
    return title and replace(title, orders=dict(title.orders))


def broken(act: Act, before: Title | None, after: Title | None) -> Iterator[str]:
    """Give the sentences that ``act`` broke on the title it names."""
    if after is None:
        return
    for sentence, holds in SENTENCES.items():
        if not holds(act, before or replace(after, state=TitleState.NONE, holder=NOBODY), after):
            yield sentence


def _moved(before: Title, after: Title) -> bool:
    return (before.holder, before.state) != (after.holder, after.state)


def _answered(act: Act, before: Title) -> bool:
    return act.name == "Accept" and before.offer is not None


def _one_controller(act: Act, before: Title, after: Title) -> bool:
    held = after.state in (TitleState.LIVE, TitleState.SURRENDERED, TitleState.DELIVERED)
    return held == (after.holder != NOBODY)


def _no_move_before_acceptance(act: Act, before: Title, after: Title) -> bool:
    ended = act.name in ("Issue", "VoidTitle", "ConfirmTransfer")
    return not _moved(before, after) or ended or _answered(act, before)


def _nothing_past_a_pledgee(act: Act, before: Title, after: Title) -> bool:
    kept = not _moved(before, after) and before.pledgee == after.pledgee
    if before.pledgee == NOBODY or kept or act.name == "ConfirmTransfer":
        return True
    by_pledgee = act.name == "ReleasePledge" and act.principal == before.pledgee
    sold = before.offer is not None and before.offer.by == before.pledgee
    return by_pledgee or (act.name == "Accept" and sold)


def _never_owner(act: Act, before: Title, after: Title) -> bool:
    return after.pledgee == NOBODY or after.pledgee != after.holder


def _root_by_amendment(act: Act, before: Title, after: Title) -> bool:
    if before.root == after.root:
        return True
    offer = before.offer
    agreed = offer is not None and offer.purpose == SurrenderPurpose.AMENDMENT
    agreed = agreed and offer is not None and offer.root == after.root
    consented = before.pledgee == NOBODY or before.consented
    return act.name == "Amend" and agreed and consented and after.version == before.version + 1


def _frozen_stands(act: Act, before: Title, after: Title) -> bool:
    same = not _moved(before, after) and before.pledgee == after.pledgee
    return before.freezes == 0 or same or act.name == "ConfirmTransfer"


SENTENCES: dict[str, Check] = {
    "a live title has one holder, and only a title that was handed over has any": _one_controller,
    "no move before acceptance": _no_move_before_acceptance,
    "nothing moves past a pledgee": _nothing_past_a_pledgee,
    "a pledgee never becomes owner": _never_owner,
    "a root is replaced only as holder and pledgee agreed": _root_by_amendment,
    "a frozen title moves by order alone": _frozen_stands,
}
