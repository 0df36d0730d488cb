"""What keeps a member from leaving, one by one; the contracts only count it (decision 14)."""

from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from identity.acts.words import OrderState, TitleState
from node.store.projections import NOBODY, DeliveryOrder, Title

COUNTED = (TitleState.ISSUED, TitleState.LIVE, TitleState.SURRENDERED)
MOST = 500


@dataclass(frozen=True)
class Tie:
    """A title or order that must end first: what the member is to it, and what would end it."""

    object: str
    kind: str
    capacity: str
    remedy: str


_REMEDIES = {
    "carrier": "deliver, void or put it on paper",
    "holder": "hand it over or surrender it",
    "pledgee": "release the pledge or enforce it",
}


def ties_of(session: Session, member: str) -> list[Tie]:
    """Return the titles and orders for which Membership refuses the member's exit, 500 at most."""
    states = [int(state) for state in COUNTED]
    mine = or_(Title.carrier == member, Title.holder == member, Title.pledgee == member)
    titles = session.exec(
        select(Title).where(mine, col(Title.state).in_(states)).order_by(Title.id).limit(MOST)
    ).all()
    found = [
        Tie(title.id, "title", capacity, _REMEDIES[capacity])
        for title in titles
        for capacity in ("carrier", "holder", "pledgee")
        if getattr(title, capacity) == member != NOBODY
    ]
    orders = session.exec(
        select(DeliveryOrder)
        .where(DeliveryOrder.terminal == member, DeliveryOrder.state == int(OrderState.OPEN))
        .order_by(DeliveryOrder.id)
        .limit(MOST)
    ).all()
    remedy = "release its containers and take them back, or cancel it"
    return found + [Tie(order.id, "order", "terminal", remedy) for order in orders]
