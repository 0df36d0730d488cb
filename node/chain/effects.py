"""What each event does to the tables: one function a verb, found by the verb's name.

The functions mirror the contracts' state and check nothing that a contract has checked. They do
no I/O of their own: they change rows of a working set. An event that does not continue its
object's counter is refused: then an event is missing, and nothing after it can be trusted.
"""

from collections.abc import Callable, Mapping

from identity.acts.words import Outcome
from node.chain.attestation_effects import ATTESTATION_EFFECTS
from node.chain.council_effects import COUNCIL_EFFECTS
from node.chain.device_effects import DEVICE_EFFECTS
from node.chain.errors import LogMalformed
from node.chain.events import Event
from node.chain.freeze_effects import FREEZE_EFFECTS
from node.chain.member_effects import MEMBER_EFFECTS
from node.chain.release_effects import RECORDED_EFFECTS, RELEASE_EFFECTS, order_followed
from node.chain.title_effects import TITLE_EFFECTS, title_followed
from node.store.projections import FOLLOWED, REFUSED
from node.store.rows import Rows

Effect = Callable[[Rows, Event], None]

EFFECTS: Mapping[str, Effect] = {
    **MEMBER_EFFECTS,
    **COUNCIL_EFFECTS,
    **TITLE_EFFECTS,
    **FREEZE_EFFECTS,
    **RELEASE_EFFECTS,
    **DEVICE_EFFECTS,
    **ATTESTATION_EFFECTS,
}
_OF_OUTCOME: Mapping[int, Mapping[str, Effect]] = {
    Outcome.DONE: EFFECTS,
    Outcome.RECORDED_REFUSAL: RECORDED_EFFECTS,
}
_FOLLOWED: Mapping[str, Effect] = {"Releases": order_followed, "Titles": title_followed}
"""What follows an act of another object, by the contract that says so."""


def apply(rows: Rows, event: Event) -> None:
    """Apply one event to the working set.

    An assent to a motion and a refused act change nothing but the list of events.

    Raises:
        EventMissing: the event's object is unknown here or its counter does not follow.
        LogMalformed: a verb, outcome or follow-up that this release's contracts do not have.
    """
    if event.kind == REFUSED or event.outcome == Outcome.ASSENTED:
        return
    if event.kind == FOLLOWED:
        effect = _FOLLOWED.get(event.contract)
    else:
        effect = _OF_OUTCOME.get(event.outcome, {}).get(event.verb)
    if effect is None:
        raise LogMalformed(
            f"{event.contract} emitted {event.verb or event.kind} with outcome {event.outcome}.",
            contract=event.contract,
            block=event.block,
            log_index=event.log_index,
        )
    effect(rows, event)
