"""What becomes of a pickup right: it passes to a truck company, and after a misread lives again."""

from model.members import NOBODY
from model.orders import Right
from model.refusals import require
from model.release_store import Done, Fields, ReleasesStore, require_counter, require_proposal

from identity.acts.typed import Act
from identity.acts.words import Direction, RightState, Role

LONGEST_OFFER = 90 * 86_400


class Rights(ReleasesStore):
    """The acts on one right."""

    def _transfer_right(self, act: Act, digest: bytes) -> Done:
        order, right = self._right(act, RightState.READY)
        owner = self._movable_by(order, right)
        facts = {"right": act.object, "principal": act.principal, "owner": owner}
        require(act.principal == owner, "NotTheRightsOwner", **facts)
        require_counter(act, right.counter)
        given: Fields = act.fields
        trucks = self.members.require_active(given["to"]).roles & Role.TRUCK
        require(bool(trucks), "RoleMissing", member=given["to"], role=int(Role.TRUCK))
        require(given["to"] != owner, "OfferToOwner", right=act.object)
        now, deadline = self.members.now, given["deadline"]
        ahead = now < deadline <= now + LONGEST_OFFER
        require(ahead, "DeadlineOutOfRange", deadline=deadline)
        right.to, right.deadline, right.offer = given["to"], deadline, digest
        right.counter += 1
        return Done(right.counter)

    def _accept_right(self, act: Act, digest: bytes) -> Done:
        order, right = self._right(act, RightState.READY)
        require(right.to != NOBODY, "RightNotOffered", right=act.object)
        facts = {"right": act.object, "principal": act.principal, "offeree": right.to}
        require(act.principal == right.to, "NotTheOfferee", **facts)
        require_counter(act, right.counter)
        named = act.fields["offer"] == right.offer
        require(named, "RightOfferMismatch", offer=right.offer, given=act.fields["offer"])
        in_time = self.members.now <= right.deadline
        require(in_time, "RightOfferLapsed", deadline=right.deadline)
        trucks = self.members.members[act.principal].roles & Role.TRUCK
        require(bool(trucks), "RoleMissing", member=act.principal, role=int(Role.TRUCK))
        self.members.require_active(self._movable_by(order, right))
        right.owner, right.to = act.principal, NOBODY
        right.counter += 1
        return Done(right.counter)

    def _propose_reinstatement(self, act: Act, digest: bytes) -> Done:
        order, right = self._right(act, RightState.USED)
        facts = {"principal": act.principal, "terminal": order.terminal}
        require(act.principal == order.terminal, "NotTheTerminal", **facts)
        require_counter(act, right.counter)
        _require_not_in(act, right)
        named = act.fields["report"] == right.reports
        require(named, "ReportsMismatch", right=act.object, reports=right.reports)
        right.misread = digest
        right.counter += 1
        return Done(right.counter)

    def _confirm_reinstatement(self, act: Act, digest: bytes) -> Done:
        order, right = self._right(act, RightState.USED)
        self._require_carrier(act, self.titles[order.title])
        require_counter(act, right.counter)
        _require_not_in(act, right)
        require_proposal(act, right.misread)
        right.state, right.misread = RightState.READY, NOBODY
        right.interchanged.clear()
        order.gone -= 1
        right.counter += 1
        return Done(right.counter)


def _require_not_in(act: Act, right: Right) -> None:
    came = Direction.IN in right.interchanged
    require(not came, "InterchangeRecorded", right=act.object, direction=int(Direction.IN))
