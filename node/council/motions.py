"""The council's motions as the ledger has them: who assented to what, and what became of it.

A motion is its content within one council (docs/decisions/0002): verb, object, counter and fields.
Nothing is stored for it: the acts' events say all of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from eth_hash.auto import keccak
from sqlmodel import Session, col, select

from identity.acts.typed import Act, decode_unsigned, own_words, word
from identity.acts.types import ACT_TYPES
from identity.acts.words import Outcome
from node.store.council_projections import Council
from node.store.projections import ACTED, LedgerEvent

VERBS = frozenset(name for name, kind in ACT_TYPES.items() if kind.signer == "council")
OPEN, CARRIED, LAPSED = "open", "carried", "lapsed"
_COUNTED = ("AssignAuthority", "ChangeRulebook", "RotateCouncil", "ActivateVersion")
"""Whose object's counter only motions move; an open one lapses when another is carried."""


@dataclass
class Motion:
    """One motion.

    Attributes:
        id: as the contract computes it, ``0x`` hex.
        act: a seat's act; principal and expiry are that seat's.
        epoch: of the council it was put to.
        assents: seat's member → the block of its assent, in order.
        state: ``open``, ``carried`` (it took effect) or ``lapsed`` (the council or the object's
            counter is another now).
    """

    id: str
    act: Act
    epoch: int
    assents: dict[str, int] = field(default_factory=dict)
    state: str = OPEN
    carried_block: int | None = None


def motion_id(epoch: int, act: Act) -> str:
    """Return a motion's id: keccak256(epoch ‖ verb ‖ object ‖ counter ‖ own words), ``0x`` hex.

    Source: ``Motions._assent`` in contracts/src/Motions.sol.
    """
    packed = word("uint256", epoch, "epoch") + word("uint256", act.type.code, "verb")
    packed += act.object + word("uint256", act.counter, "counter") + own_words(act)
    return "0x" + keccak(packed).hex()


def motions(session: Session) -> list[Motion]:
    """Return every motion since the founding, in the order in which they were first put."""
    found: dict[str, Motion] = {}
    epoch = 0
    for event in _events(session):
        act = decode_unsigned(bytes.fromhex(event.act[2:]))
        name = motion_id(epoch, act)
        motion = found.setdefault(name, Motion(name, act, epoch))
        motion.assents[event.principal] = event.block
        if event.outcome == Outcome.DONE:
            motion.state, motion.carried_block = CARRIED, event.block
            epoch += act.name == "RotateCouncil"
    _lapse(found.values(), epoch)
    return list(found.values())


def threshold(session: Session) -> int:
    """Return how many seats carry a motion now; 0 before the first block is followed."""
    council = session.exec(select(Council)).first()
    return 0 if council is None else council.threshold


def _events(session: Session) -> Iterator[LedgerEvent]:
    query = (
        select(LedgerEvent)
        .where(LedgerEvent.kind == ACTED, col(LedgerEvent.verb).in_(sorted(VERBS)))
        .order_by(col(LedgerEvent.block), col(LedgerEvent.log_index))
    )
    yield from session.exec(query)


def _lapse(found: Iterable[Motion], epoch: int) -> None:
    carried = {
        (motion.act.name, motion.act.object, motion.act.counter)
        for motion in found
        if motion.state == CARRIED and motion.act.name in _COUNTED
    }
    for motion in found:
        key = (motion.act.name, motion.act.object, motion.act.counter)
        if motion.state == OPEN and (motion.epoch != epoch or key in carried):
            motion.state = LAPSED
