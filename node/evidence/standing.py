"""What the acts of one title add up to: where each object stands after the last of them.

The same rules as the contracts', without their checks: an act in a proved event took effect. The
result must be what the witnesses' statuses say. An act of another title, order, condition or
right than the file is about is refused, so that no file mixes two stories.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from identity.acts.objects import COUNCIL, VERSIONS, condition_id, right_id
from identity.acts.words import (
    Capacity,
    DeviceState,
    MemberStatus,
    OrderState,
    Outcome,
    RightState,
    SurrenderPurpose,
    TitleState,
)
from node.evidence.errors import ActOutOfPlace
from node.evidence.history import ProvedAct, ProvedFollow
from node.evidence.keys import state_after

NOBODY = bytes(32)
_RIGHT_AFTER = {
    "GateOut": RightState.USED,
    "ReturnEmpty": RightState.RETURNED,
    "ConfirmReinstatement": RightState.READY,
}
_MEMBER_AFTER = {
    "AdmitMember": MemberStatus.ACTIVE,
    "SuspendMember": MemberStatus.SUSPENDED,
    "ReinstateMember": MemberStatus.ACTIVE,
    "ExitMember": MemberStatus.LEFT,
}
ABOUT_MEMBERS = frozenset(
    {
        *_MEMBER_AFTER, "AddKey", "RevokeKey", "RecoverKeys", "UpdateProfile", "AcceptRulebook",
        "ChangeRoles", "NameSuccessor", "Delegate", "EndDelegation",
    }
)  # fmt: skip
_ON_RIGHT = {
    *_RIGHT_AFTER, "RecordInterchange", "TransferRight", "AcceptRight", "ProposeReinstatement",
}  # fmt: skip
_ON_ORDER = {"HoldOrder", "LiftHold", "ProposeCancellation", "ConfirmCancellation"}


@dataclass
class Stand:
    """How one object stands; ``controller`` is a member id or nobody."""

    kind: str
    status: int
    controller: bytes = NOBODY


@dataclass
class _Title:
    """The subject's title while its acts are followed; ``purpose`` and ``capacity`` are offers'.

    ``transfers`` are those proposed: order → to whom, and whether the lien ends.
    """

    carrier: bytes = NOBODY
    holder: bytes = NOBODY
    pledgee: bytes = NOBODY
    state: int = TitleState.NONE
    purpose: int = 0
    capacity: int = 0
    root: bytes = NOBODY
    transfers: dict[bytes, tuple[bytes, bool]] = field(default_factory=dict)

    @property
    def controller(self) -> bytes:
        if self.state == TitleState.LIVE:
            return self.holder if self.pledgee == NOBODY else self.pledgee
        held_by_carrier = self.state in {TitleState.ISSUED, TitleState.SURRENDERED}
        return self.carrier if held_by_carrier else NOBODY


class Standing:
    """Follows the acts of one title and, where the file has one, of its delivery order.

    Attributes:
        objects: how each object stands, by id; with it every object that a whole file must speak
            of, conditions and rights on which nobody has acted among them.
        tags: the container tags of the order.
        title: the title's holder, pledgee and root as its acts make them.
        frozen, held: the orders under which title and release stand still, with the authorities.
    """

    def __init__(self, title: bytes, order: bytes | None) -> None:
        self._title_id = title
        self._order_id = order
        self.title = _Title()
        self.tags: frozenset[bytes] = frozenset()
        self.frozen: dict[bytes, bytes] = {}
        self.held: dict[bytes, bytes] = {}
        self.objects: dict[bytes, Stand] = {}
        self._on_title: Mapping[str, Callable[[ProvedAct], None]] = {
            "Issue": self._issue,
            "Offer": self._offer,
            "Accept": self._accept,
            "Decline": self._end_offer,
            "Withdraw": self._end_offer,
            "ReleasePledge": self._release_pledge,
            "Surrender": self._surrender,
            "RecordDefault": self._end_offer,
            "Amend": self._amend,
            "ConsentAmendment": lambda _: None,
            "ReturnFromPaper": self._return_from_paper,
            "VoidTitle": self._void,
            "Freeze": self._freeze,
            "Lift": self._lift,
            "ProposeTransfer": self._propose_transfer,
            "ConfirmTransfer": self._confirm_transfer,
        }

    def replay(self, acts: Iterable[ProvedAct], follows: Iterable[ProvedFollow]) -> None:
        """Follow all acts and follow-ups in the ledger's order; raises ActOutOfPlace."""
        steps: list[ProvedAct | ProvedFollow] = [*acts, *follows]
        for step in sorted(steps, key=lambda each: each.place):
            if isinstance(step, ProvedFollow):
                self._follow_up(step)
            elif step.outcome is not Outcome.ASSENTED:
                self._follow(step)

    def _follow_up(self, step: ProvedFollow) -> None:
        if step.contract == "Titles" and step.object == self._title_id:
            self.title.state = step.state
            self._title_stands()
        else:
            self._stand(step, step.object, "order").status = step.state

    def _follow(self, proved: ProvedAct) -> None:
        act = proved.act
        if act.name in self._on_title:
            if act.object != self._title_id:
                raise _out_of_place(proved)
            self._on_title[act.name](proved)
            self._title_stands()
        elif act.type.contract == "Releases":
            self._follow_release(proved)
        elif act.type.contract == "Devices":
            self._follow_lane(proved)
        elif act.name in ABOUT_MEMBERS:
            known = self.objects.get(act.object, Stand("member", MemberStatus.ACTIVE))
            self.objects[act.object] = Stand("member", _MEMBER_AFTER.get(act.name, known.status))
        elif (act.name, act.object) == ("RotateCouncil", COUNCIL):
            self.objects[act.object] = Stand("council", cast(int, act.fields["threshold"]))
        elif (act.name, act.object) == ("ActivateVersion", VERSIONS):
            self.objects[act.object] = Stand("versions", cast(int, act.fields["version"]))
        else:
            raise _out_of_place(proved)

    def _follow_release(self, proved: ProvedAct) -> None:
        act = proved.act
        if act.name == "OpenOrder":
            self._open_order(proved)
        elif act.name == "SetCondition":
            condition = self._stand(proved, act.object, "condition")
            condition.status = cast(int, act.fields["met"])
        elif act.name in _ON_RIGHT:
            right = self._stand(proved, act.object, "right")
            if proved.outcome is Outcome.DONE:
                right.status = _RIGHT_AFTER.get(act.name, right.status)
                if act.name == "AcceptRight":
                    right.controller = act.principal
        elif act.name in _ON_ORDER:
            self._follow_order(proved)
        else:
            raise _out_of_place(proved)

    def _follow_order(self, proved: ProvedAct) -> None:
        act = proved.act
        order = self._stand(proved, act.object, "order")
        if act.name == "HoldOrder":
            self.held[cast(bytes, act.fields["order"])] = act.principal
        elif act.name == "LiftHold":
            self.held.pop(cast(bytes, act.fields["order"]), None)
        elif act.name == "ConfirmCancellation":
            order.status = OrderState.CANCELLED

    def _follow_lane(self, proved: ProvedAct) -> None:
        act = proved.act
        if act.name == "RegisterLane":
            self.objects[act.object] = Stand("lane", DeviceState.IN_SERVICE, act.principal)
            return
        lane = self._stand(proved, act.object, "lane")
        lane.status = state_after(act, lane.controller, DeviceState(lane.status))

    def _stand(self, step: ProvedAct | ProvedFollow, object_: bytes, kind: str) -> Stand:
        stand = self.objects.get(object_)
        if stand is None or stand.kind != kind:
            raise _out_of_place(step)
        return stand

    def _title_stands(self) -> None:
        self.objects[self._title_id] = Stand("title", self.title.state, self.title.controller)

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

    def _return_from_paper(self, _: ProvedAct) -> None:
        self.title.capacity, self.title.purpose = Capacity.HOLDER, 0

    def _surrender(self, proved: ProvedAct) -> None:
        self.title.purpose = cast(int, proved.act.fields["purpose"])

    def _accept(self, proved: ProvedAct) -> None:
        title = self.title
        if title.purpose == SurrenderPurpose.DELIVERY:
            title.state = TitleState.SURRENDERED
        elif title.purpose == SurrenderPurpose.PAPER:
            title.state, title.holder = TitleState.PAPER, NOBODY
        elif title.capacity == Capacity.PLEDGEE:
            title.pledgee = proved.act.principal
        else:
            title.state, title.holder = TitleState.LIVE, proved.act.principal
            title.pledgee = NOBODY
        title.purpose = 0

    def _end_offer(self, _: ProvedAct) -> None:
        self.title.purpose = 0

    def _amend(self, proved: ProvedAct) -> None:
        self.title.root, self.title.purpose = cast(bytes, proved.act.fields["root"]), 0

    def _release_pledge(self, _: ProvedAct) -> None:
        self.title.pledgee = NOBODY

    def _void(self, _: ProvedAct) -> None:
        self.title.state = TitleState.VOID

    def _freeze(self, proved: ProvedAct) -> None:
        self.frozen[cast(bytes, proved.act.fields["order"])] = proved.act.principal

    def _lift(self, proved: ProvedAct) -> None:
        self.frozen.pop(cast(bytes, proved.act.fields["order"]), None)

    def _propose_transfer(self, proved: ProvedAct) -> None:
        fields = proved.act.fields
        proposed = cast(bytes, fields["to"]), bool(fields["endsLien"])
        self.title.transfers[cast(bytes, fields["order"])] = proposed

    def _confirm_transfer(self, proved: ProvedAct) -> None:
        proposed = self.title.transfers.get(cast(bytes, proved.act.fields["order"]))
        if proposed is None:
            raise _out_of_place(proved)
        self.title.holder, ends_lien = proposed
        self.title.purpose = 0
        if ends_lien:
            self.title.pledgee = NOBODY


def _out_of_place(step: ProvedAct | ProvedFollow) -> ActOutOfPlace:
    return ActOutOfPlace("An act is of another title or order than the file.", **step.place.facts)
