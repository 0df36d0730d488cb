"""The whole model: what each relayed act does, told before the contracts are asked.

It is Titles, Membership and Releases as far as they touch titles; what every contract refuses
before it looks at its own objects (expiry, signature, key, delegation) is here, once.
"""

from dataclasses import dataclass, field
from typing import Any

from model.companies import LANES
from model.ledger import Signed
from model.members import NOBODY, Members
from model.membership import Membership
from model.orders import Lane
from model.refusals import Refused, require
from model.releases import Releases
from model.title_terms import decide
from model.titles import Attempt, Title, take_effect

from identity.acts.typed import Act
from identity.acts.verb_table import VerbRow
from identity.acts.words import Outcome, TitleState


@dataclass(frozen=True)
class Told:
    """One event: of which contract's object, its counter after, and its outcome or state."""

    kind: str  # "acted" or "followed"
    contract: str
    object: bytes
    counter: int
    outcome: int


@dataclass
class World:
    """The ledger as the model has it at ``now``, UTC seconds."""

    now: int
    members: Members = field(init=False)
    membership: Membership = field(init=False)
    releases: Releases = field(init=False)
    titles: dict[bytes, Title] = field(default_factory=dict)
    way: str = ""  # by which row of the table the last act took effect

    def __post_init__(self) -> None:
        self.members = Members(self.now)
        lanes = {
            lane.id: Lane(lane.id, lane.owner, lane.key.address, lane.port, lane.calibrated_until)
            for lane in LANES
        }
        self.membership = Membership(self.members, self.ties)
        self.releases = Releases(self.members, self.titles, lanes)

    def at(self, now: int) -> None:
        """Let the next act be in a block of time ``now``."""
        self.now = self.members.now = now

    def ties(self, member: bytes) -> tuple[int, int]:
        """How many titles and open orders keep the member from leaving."""
        titles = sum(title.ties(member) for title in self.titles.values())
        return titles, self.releases.ties(member)

    def moments(self) -> list[int]:
        """The seconds in which an offer, a waiting time, a key or a delegation ends, in order."""
        titles, members = self.titles.values(), self.members
        found = {title.offer.deadline for title in titles if title.offer}
        found |= {title.enforceable_from for title in titles}
        found |= {f.transferable_from for title in titles for f in title.orders.values()}
        found |= {given.until for given in members.delegations.values()}
        found |= {moment for key in members.keys.values() for moment in (key.since, key.until)}
        orders = self.releases.orders.values()
        found |= {right.deadline for order in orders for right in order.rights.values()}
        return sorted(found)

    def in_delivery(self) -> bool:
        """Whether a title is surrendered or was: there is an order to open or to move on."""
        surrendered = any(t.state == TitleState.SURRENDERED for t in self.titles.values())
        return surrendered or bool(self.releases.orders)

    def perform(self, signed: Signed) -> list[Told]:
        """Let the act take effect and return its events in order; raises Refused, unchanged."""
        act = signed.act
        require(self.now <= act.expires, "ActExpired", expires=act.expires)
        delegated = act.fields["delegation"] != NOBODY
        require(not delegated or act.type.delegable, "VerbNotDelegable", verb=act.type.code)
        self.way = f"{signed.contract} {act.name}"
        return {
            "Titles": self._on_title,
            "Membership": self._on_membership,
            "Releases": self._on_release,
        }[signed.contract](signed, _key_of(signed))

    def _on_title(self, signed: Signed, key: bytes) -> list[Told]:
        self._check_actor(signed.act, key)
        act, known = signed.act, self.titles.get(signed.act.object)
        issues = act.name == "Issue"
        title = _unissued(signed) if issues else known
        if title is None:
            raise Refused("ObjectUnknown", object=act.object)
        taken = issues and known is not None
        attempt = Attempt(self.members, act.name, act.fields, signed.digest, title, taken)
        row = decide(attempt)
        take_effect(attempt)
        self.titles[title.id] = title
        self.way = way_of(row)
        return [Told("acted", "Titles", title.id, title.counter, Outcome.DONE)]

    def _on_membership(self, signed: Signed, key: bytes) -> list[Told]:
        counter, outcome = self.membership.perform(signed.act, signed.digest, key)
        return [Told("acted", "Membership", signed.act.object, counter, outcome)]

    def _on_release(self, signed: Signed, key: bytes) -> list[Told]:
        if signed.act.type.signer != "lane":
            self._check_actor(signed.act, key)
        done = self.releases.perform(signed.act, signed.digest, key)
        acted = Told("acted", "Releases", signed.act.object, done.counter, done.outcome)
        return [acted, *(Told("followed", *settled) for settled in done.followed)]

    def _check_actor(self, act: Act, key: bytes) -> None:
        delegation: bytes = act.fields["delegation"]  # type: ignore[assignment]
        if delegation == NOBODY:
            self.members.actor(act.principal, key)
        else:
            code = act.type.code
            self.members.delegated(act.principal, key, delegation, code, act.object)


def _key_of(signed: Signed) -> bytes:
    if signed.key is None:
        raise Refused("SignatureInvalid")
    return signed.key


def way_of(row: VerbRow) -> str:
    """Return the row of the verb table in one line."""
    kinds = " or ".join(sorted(kind.name.lower() for kind in row.kinds))
    states = " or ".join(sorted(state.name.lower() for state in row.states))
    return f"{row.verb} as {row.capacity} of {kinds}, {states}, when {', '.join(row.when)}"


def _unissued(signed: Signed) -> Title:
    given: dict[str, Any] = dict(signed.act.fields)
    return Title(
        signed.act.object,
        given["kind"],
        given["principal"],
        given["party"],
        given["loading"],
        given["discharge"],
        given["root"],
    )
