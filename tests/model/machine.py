"""The state machine: draws acts, asks the model, relays them, and compares after each act."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from model import drawing, drawing_members, drawing_releases
from model.companies import COMPANIES, key_of
from model.comparing import agree, show, tell, told_differently
from model.drawing import DAY, Drawn, Pen
from model.ledger import FOUNDER, Network, Signed
from model.refusals import Refused
from model.sentences import broken, copy_of
from model.stages import STAGES, steps
from model.titles import Title
from model.world import Told, World

from identity.keys.secp256k1 import SigningKey
from node.chain.events import Event
from node.chain.reasons import read_reason
from node.chain.rpc import data, read_bytes

MOST_TITLES = 6
MOST_IN_A_BATCH = 4

Answer = list[Told] | Refused


class Disagreement(AssertionError):
    """Model and chain differ; the message tells every act of the case."""


class TitleLife(RuleBasedStateMachine):
    """Acts of every verb by every kind of member on a few titles."""

    network: ClassVar[Network]
    count: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.network.begin())
        self.relayed: list[Signed] = []
        self.counted: set[bytes] = set()
        self.story: list[str] = []

    @initialize(draw=st.data())
    def first_title(self, draw: Any) -> None:
        """A case begins with a title."""
        self._try([self._sign(drawing.issue(self._pen(draw)))])

    @precondition(lambda self: len(self.world.titles) < MOST_TITLES)
    @rule(draw=st.data())
    def issue(self, draw: Any) -> None:
        """A carrier issues another title."""
        pen = self._pen(draw)
        self._try([self._sign(self._maybe_wild(pen, drawing.issue(pen)))])

    @precondition(lambda self: len(self.world.titles) < MOST_TITLES)
    @rule(draw=st.data(), stage=st.sampled_from(list(STAGES)))
    def bring_a_title_far(self, draw: Any, stage: str) -> None:
        """A new title goes as far as the members there are let it."""
        for step in steps(self._pen(draw), stage):
            if isinstance(step, int):
                self.pass_time(step)
            else:
                self._try([self._sign(step)])

    @rule(draw=st.data(), acts=st.integers(1, 4))
    def act_on_titles(self, draw: Any, acts: int) -> None:
        """Members do what the table lets them do, or nearly that, one act a transaction."""
        for _ in range(acts):
            pen = self._pen(draw)
            drawn = drawing.on_title(pen, pen.one_of(list(self.world.titles.values())))
            if drawn:
                self._try([self._sign(self._maybe_wild(pen, drawn))])

    @rule(draw=st.data(), acts=st.integers(2, MOST_IN_A_BATCH))
    def act_in_one_transaction(self, draw: Any, acts: int) -> None:
        """Several acts on titles, each by what the earlier ones left."""
        pen, answers, batch = self._pen(draw), [], []
        self.world.at(self.world.now + 1)
        for _ in range(acts):
            drawn = drawing.on_title(pen, pen.one_of(list(self.world.titles.values())))
            if drawn:
                batch.append(self._sign(self._maybe_wild(pen, drawn)))
                answers.append(self._ask_model(batch[-1]))
        if batch:
            self._relay(batch, answers)
        else:
            self.world.at(self.world.now - 1)

    @precondition(lambda self: self.world.in_delivery())
    @rule(draw=st.data(), acts=st.integers(1, 4))
    def deliver(self, draw: Any, acts: int) -> None:
        """Delivery orders are opened, or move on."""
        for _ in range(acts):
            pen = self._pen(draw)
            drawn = drawing_releases.on_delivery(pen)
            if drawn:
                self._try([self._sign(self._maybe_wild(pen, drawn))])

    @rule(draw=st.data())
    def change_own_record(self, draw: Any) -> None:
        """A member adds or revokes a key, gives or ends a delegation."""
        pen = self._pen(draw)
        self._try([self._sign(self._maybe_wild(pen, drawing_members.own_record(pen)))])

    @rule(draw=st.data())
    def move_the_council(self, draw: Any) -> None:
        """Council seats assent to a motion."""
        pen = self._pen(draw)
        motion = drawing_members.motion(pen)
        self._try([self._sign(self._maybe_wild(pen, drawn)) for drawn in motion])

    @rule(draw=st.data())
    def replay(self, draw: Any) -> None:
        """An act that was relayed is relayed again."""
        self._try([self._pen(draw).one_of(self.relayed[::-1][:12])])

    @rule(draw=st.data(), company=st.sampled_from(list(COMPANIES)))
    def relay_by_a_member(self, draw: Any, company: str) -> None:
        """A member relays; the whole transaction fails while it is not active."""
        pen, relayer = self._pen(draw), key_of(company, "relay")
        drawn = drawing.on_title(pen, pen.one_of(list(self.world.titles.values())))
        if drawn is None:
            return
        self.world.at(self.world.now + 1)
        signed = self._sign(drawn)
        if self.world.members.relays(relayer.address):
            self._relay([signed], [self._ask_model(signed)], relayer)
        elif self.network.relay([signed], relayer) is not None:
            raise self._disagree(f"{company} relays and is not active")

    @rule(seconds=st.sampled_from((1, DAY, 4, 3 * DAY, 8 * DAY, 91 * DAY)))
    def pass_time(self, seconds: int) -> None:
        """The next block is later than the one after this."""
        if not seconds:
            return
        self.world.at(self.world.now + seconds)
        self.network.pass_time(self.world.now + 1)
        self.story.append(f"t={self.world.now} time passes")

    @rule(draw=st.data(), later=st.sampled_from((0, 1)))
    def wait_for_a_moment(self, draw: Any, later: int) -> None:
        """The next block is in the second in which something ends or begins, or in the next."""
        moments = [moment for moment in self.world.moments() if moment > self.world.now]
        if moments:
            self.pass_time(self._pen(draw).one_of(moments) + later - 1 - self.world.now)

    def _pen(self, draw: Any) -> Pen:
        return Pen(self.world, draw.draw)

    def _maybe_wild(self, pen: Pen, drawn: Drawn) -> Drawn:
        return pen.wild(drawn) if pen.once_in(5) else drawn

    def _sign(self, drawn: Drawn) -> Signed:
        signed = self.network.sign(drawn.act, drawn.key)
        if drawn.sound:
            return signed
        return replace(signed, key=None, wire=signed.wire[:-1] + b"\x1d")

    def _try(self, acts: Sequence[Signed]) -> None:
        """Relay ``acts`` in one transaction and compare what becomes of each."""
        self.world.at(self.world.now + 1)
        self._relay(acts, [self._ask_model(act) for act in acts])

    def _relay(
        self, acts: Sequence[Signed], answers: Sequence[Answer], relayer: SigningKey = FOUNDER
    ) -> None:
        events = self.network.relay(acts, relayer)
        self.relayed += acts
        if events is None:
            raise self._disagree("the transaction was reverted")
        for act, told in zip(acts, answers, strict=True):
            self._compare(act, told, events)
        if events:
            raise self._disagree(f"there are more events: {events}")
        self._compare_views(acts)

    def _ask_model(self, signed: Signed) -> Answer:
        self.count["acts"] += 1
        before = copy_of(self.world.titles.get(signed.act.object))
        try:
            told: Answer = self.world.perform(signed)
            said = f"done: {self.world.way}"
        except Refused as refused:
            told, said = refused, f"refused: {signed.contract} {refused.error}"
        self.count[said] += 1
        self.story.append(f"t={self.world.now} {tell(signed.act)} -> {said}")
        if isinstance(told, list):
            self._hold_to_sentences(signed, before)
        return told

    def _hold_to_sentences(self, signed: Signed, before: Title | None) -> None:
        after = self.world.titles.get(signed.act.object)
        for sentence in broken(signed.act, before, after):
            raise self._disagree(f"broken: {sentence}")
        if signed.digest in self.counted:
            raise self._disagree("broken: no act counts twice")
        self.counted.add(signed.digest)

    def _compare(self, signed: Signed, told: Answer, events: list[Event]) -> None:
        """Take the act's events from ``events``; they are what the model told."""
        if isinstance(told, Refused):
            event = self._next(events)
            reason = read_reason(read_bytes(event.reason)) if event.kind == "refused" else None
            if reason is None or not agree(told, reason):
                shown = reason or f"{event.kind} {event.outcome} counter {event.counter}"
                raise self._disagree(f"model: {told.error} {show(told.facts)}\nchain: {shown}")
            return
        waiting = list(told)
        while waiting:
            event = self._next(events)
            outcome = event.state if event.kind == "followed" else event.outcome
            got = (event.kind, event.contract, event.object, event.counter, outcome)
            fits = [
                one
                for one in waiting
                if got == (one.kind, one.contract, data(one.object), one.counter, one.outcome)
            ]
            if not fits:
                why = read_reason(read_bytes(event.reason)) if event.kind == "refused" else ""
                raise self._disagree(f"model: {show(vars(waiting[0]))}\nchain: {got} {why}")
            waiting.remove(fits[0])

    def _next(self, events: list[Event]) -> Event:
        if not events:
            raise self._disagree("an event is missing")
        return events.pop(0)

    def _compare_views(self, acts: Sequence[Signed]) -> None:
        """Compare what the contracts tell of all that the acts named."""
        objects = {act.act.object for act in acts} | {
            value for act in acts for value in act.act.fields.values() if isinstance(value, bytes)
        }
        if different := told_differently(self.world, self.network, objects):
            raise self._disagree(different)

    def _disagree(self, what: str) -> Disagreement:
        self.count["disagreements"] += 1
        return Disagreement("\n".join(["", *self.story, what]))
