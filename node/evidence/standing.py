"""What the acts of one title add up to: where each object stands after the last of them.

The same rules as the contracts', without their checks: an act in a proved event took effect. The
result must be what the witnesses' statuses say. An act of another title, order, condition or
right than the file is about is refused, so that no file mixes two stories.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from identity.acts.objects import condition_id, right_id
from identity.acts.words import (
    Capacity,
    MemberStatus,
    OrderState,
    Outcome,
    RightState,
    SurrenderPurpose,
    TitleState,
)
from node.evidence.errors import ActOutOfPlace
from node.evidence.history import ProvedAct, ProvedFollow

NOBODY = bytes(32)
_OF_MEMBERS = {"AdmitMember", "AddKey", "RevokeKey", "UpdateProfile", "AcceptRulebook"}


@dataclass
class Stand:
    """How one object stands; ``controller`` is a member id or nobody."""

    kind: str
    status: int
    controller: bytes = NOBODY


@dataclass
class _Title:
    """The subject's title while its acts are followed; ``purpose`` and ``capacity`` are offers'."""

    carrier: bytes = NOBODY
    holder: bytes = NOBODY
    pledgee: bytes = NOBODY
    state: int = TitleState.NONE
    purpose: int = 0
    capacity: int = 0
    root: bytes = NOBODY

    @property
    def controller(self) -> bytes:
        if self.state == TitleState.LIVE:
            return self.holder if self.pledgee == NOBODY else self.pledgee
        return NOBODY if self.state in {TitleState.NONE, TitleState.VOID} else self.carrier


class Standing:
    """Follows the acts of one title and, where the file has one, of its delivery order.

    Attributes:
        objects: how each object stands, by id; with it every object that a whole file must speak
            of, conditions and rights on which nobody has acted among them.
        tags: the container tags of the order.
        title: the title's holder, pledgee and root as its acts make them.
    """

    def __init__(self, title: bytes, order: bytes | None) -> None:
        self._title_id = title
        self._order_id = order
        self.title = _Title()
        self.tags: frozenset[bytes] = frozenset()
        self.objects: dict[bytes, Stand] = {}
        self._on_title: Mapping[str, Callable[[ProvedAct], None]] = {
            "Issue": self._issue,
            "Offer": self._offer,
            "Accept": self._accept,
            "Decline": self._end_offer,
            "Withdraw": self._end_offer,
            "ReleasePledge": self._release_pledge,
            "Surrender": self._surrender,
            "VoidTitle": self._void,
        }

    def replay(self, acts: Iterable[ProvedAct], follows: Iterable[ProvedFollow]) -> None:
        """Follow all acts and follow-ups in the ledger's order; raises ActOutOfPlace."""
        steps: list[ProvedAct | ProvedFollow] = [*acts, *follows]
        for step in sorted(steps, key=lambda each: each.place):
            if isinstance(step, ProvedFollow):
                self._stand(step, step.object, "order").status = step.state
            elif step.outcome is not Outcome.ASSENTED:
                self._follow(step)

    def _follow(self, proved: ProvedAct) -> None:
        act = proved.act
        if act.name in self._on_title:
            if act.object != self._title_id:
                raise _out_of_place(proved)
            self._on_title[act.name](proved)
            self.objects[act.object] = Stand("title", self.title.state, self.title.controller)
        elif act.name == "OpenOrder":
            self._open_order(proved)
        elif act.name == "SetCondition":
            condition = self._stand(proved, act.object, "condition")
            condition.status = cast(int, act.fields["met"])
        elif act.name in {"GateOut", "ReturnEmpty"}:
            right = self._stand(proved, act.object, "right")
            if proved.outcome is Outcome.DONE:
                used = act.name == "GateOut"
                right.status = RightState.USED if used else RightState.RETURNED
        elif act.name == "RegisterLane":
            self.objects[act.object] = Stand("lane", 1, act.principal)
        elif act.name in _OF_MEMBERS:
            self.objects[act.object] = Stand("member", MemberStatus.ACTIVE)
        else:
            raise _out_of_place(proved)

    def _stand(self, step: ProvedAct | ProvedFollow, object_: bytes, kind: str) -> Stand:
        stand = self.objects.get(object_)
        if stand is None or stand.kind != kind:
            raise _out_of_place(step)
        return stand

    def _open_order(self, proved: ProvedAct) -> None:
        act, fields = proved.act, proved.act.fields
        if (act.object, fields["title"]) != (self._order_id, self._title_id):
            raise _out_of_place(proved)
        kinds, members = cast(list[int], fields["kinds"]), cast(list[bytes], fields["members"])
        containers = cast(list[bytes], fields["containers"])
        if len(kinds) != len(members):
            raise _out_of_place(proved)
        terminal = cast(bytes, fields["terminal"])
        self.objects[act.object] = Stand("order", OrderState.OPEN, terminal)
        for kind, member in zip(kinds, members, strict=True):
            self.objects[condition_id(act.object, kind)] = Stand("condition", 0, member)
        for container in containers:
            self.objects[right_id(act.object, container)] = Stand("right", RightState.READY)
        self.tags = frozenset(containers)

    def _issue(self, proved: ProvedAct) -> None:
        root = cast(bytes, proved.act.fields["root"])
        self.title = _Title(proved.act.principal, state=TitleState.ISSUED, root=root)
        self.title.capacity = Capacity.HOLDER

    def _offer(self, proved: ProvedAct) -> None:
        self.title.capacity = cast(int, proved.act.fields["capacity"])
        self.title.purpose = 0

    def _surrender(self, proved: ProvedAct) -> None:
        self.title.purpose = cast(int, proved.act.fields["purpose"])

    def _accept(self, proved: ProvedAct) -> None:
        if self.title.purpose == SurrenderPurpose.DELIVERY:
            self.title.state = TitleState.SURRENDERED
        elif self.title.capacity == Capacity.PLEDGEE:
            self.title.pledgee = proved.act.principal
        else:
            self.title.state = TitleState.LIVE
            self.title.holder = proved.act.principal
        self.title.purpose = 0

    def _end_offer(self, _: ProvedAct) -> None:
        self.title.purpose = 0

    def _release_pledge(self, _: ProvedAct) -> None:
        self.title.pledgee = NOBODY

    def _void(self, _: ProvedAct) -> None:
        self.title.state = TitleState.VOID


def _out_of_place(step: ProvedAct | ProvedFollow) -> ActOutOfPlace:
    return ActOutOfPlace("An act is of another title or order than the file.", **step.place.facts)
