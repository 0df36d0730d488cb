"""Draws acts on titles: sensible ones from a row of the verb table, and wild terms in any act."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from model.companies import COMPANIES, DISCHARGE, ELSEWHERE, LOADING, hash_of, key_of
from model.members import NOBODY
from model.titles import Freeze, Offer, Title
from model.world import World

from identity.acts.typed import Act
from identity.acts.types import ActType
from identity.acts.verb_table import VERB_ROWS, VerbRow
from identity.acts.words import Capacity, Role, SurrenderPurpose, TitleKind
from identity.keys.secp256k1 import SigningKey, key_id

DAY = 86_400
T = TypeVar("T")
Fields = dict[str, Any]
ORDERS = tuple(hash_of(f"court order {number}") for number in range(2))
ROOTS = tuple(hash_of(f"document {number}") for number in range(3))
MEMBERS = tuple(company.id for company in COMPANIES.values())
STRANGER = hash_of("no member")
# Verbs that end a title or an offer are drawn less often than those that keep it going.
# What the header has room for on the wire.
LONGEST_NUMBERS = {"counter": 2**32, "expires": 2**40}
_RARELY = {"VoidTitle", "Freeze", "Decline", "Withdraw", "ReleasePledge"}


@dataclass(frozen=True)
class Drawn:
    """An act and the key that signs it; ``sound`` is false for a signature in no permitted form."""

    act: Act
    key: SigningKey
    sound: bool = True


class Pen:
    """Draws from hypothesis, by the world as it stands."""

    def __init__(self, world: World, draw: Callable[[Any], Any]) -> None:
        self.world = world
        self._draw = draw

    def one_of(self, choices: Sequence[T]) -> T:
        """Return one of ``choices``; a shrunk case has the first."""
        if len(choices) == 1:
            return choices[0]
        index: int = self._draw(st.integers(0, len(choices) - 1))
        return choices[index]

    def once_in(self, times: int) -> bool:
        """Whether it is one of ``times``; a shrunk case has False."""
        return bool(self._draw(st.integers(0, times - 1)) == times - 1)

    def member(self, *others_than: bytes, roles: int = 0) -> bytes:
        """Return an active member, if there is one, with one of ``roles``."""
        fitting = [
            m.id
            for m in self.world.members.members.values()
            if self.world.members.is_active(m.id)
            and m.id not in others_than
            and (not roles or m.roles & roles)
        ]
        return self.one_of(fitting or MEMBERS)

    def key(self, principal: bytes) -> SigningKey:
        """Return a key that counts for the principal, or its first."""
        keys = own_keys(principal)
        for key in keys:
            known = self.world.members.keys.get(key_id(key.address))
            if known and known.counts(self.world.now):
                return key
        return keys[0]

    def deadline(self) -> int:
        """Return a deadline that lies ahead."""
        return self.world.now + self.one_of((30 * DAY, DAY, 90 * DAY, 4))

    def act(
        self, name: str, principal: bytes, object_id: bytes, counter: int, **fields: Any
    ) -> Drawn:
        """Return an act with a sensible header, signed by the principal or a delegate."""
        header: Fields = {
            "principal": principal,
            "delegation": NOBODY,
            "object": object_id,
            "counter": counter,
            "expires": self.world.now + 300 * DAY,
            "companion": NOBODY,
        }
        given = [
            (id_, delegation)
            for id_, delegation in self.world.members.delegations.items()
            if delegation.principal == principal
        ]
        if given and ActType.by_name(name).delegable and self.once_in(2):
            header["delegation"], delegation = self.one_of(given)
            return Drawn(Act(name, header | fields), self.key(delegation.delegate))
        return Drawn(Act(name, header | fields), self.key(principal))

    def wild(self, drawn: Drawn) -> Drawn:
        """Return the act with one term changed: often one that nothing forbids."""
        act, fields = drawn.act, dict(drawn.act.fields)
        way = self.one_of(("field", "principal", "key", "signature", "field", "field"))
        if way == "signature" and self.once_in(3):
            return replace(drawn, sound=False)
        if way == "key":
            return replace(drawn, key=self.key(self.member()))
        if way == "principal":
            other = self.member()
            return Drawn(Act(act.name, fields | {"principal": other}), self.key(other))
        field = self.one_of([field for field in act.type.fields if not field.is_array])
        known: Sequence[Any] = self._ids()
        if field.type != "bytes32":
            most = LONGEST_NUMBERS.get(field.name, 2**256)
            known = [number for number in self._numbers(fields[field.name]) if number < most]
        return replace(drawn, act=Act(act.name, fields | {field.name: self.one_of(known)}))

    def _ids(self) -> list[bytes]:
        pool = [NOBODY, self.one_of(MEMBERS), STRANGER, *ROOTS, *ORDERS]
        for title in self.world.titles.values():
            pool.append(title.id)
            if title.offer:
                pool += [title.offer.id, title.offer.digest]
        return pool + list(self.world.members.delegations)

    def _numbers(self, given: Any) -> list[int]:
        now = self.world.now
        return [
            *(0, 1, 2, 3, 4, given + 1, max(0, given - 1)),
            *(now - 1, now, now + 2, now + 90 * DAY, now + 91 * DAY),
            *(LOADING, DISCHARGE, ELSEWHERE, 2**16, 2**255),
        ]


def own_keys(member: bytes) -> list[SigningKey]:
    """Return the act keys that the member may ever have, the first of the founding."""
    name = next((c.name for c in COMPANIES.values() if c.id == member), "nobody")
    return [key_of(name, purpose) for purpose in ("act", "second act", "third act", "fourth act")]


def issue(pen: Pen) -> Drawn:
    """Return a sensible issue of a new title."""
    carrier = pen.one_of((COMPANIES["carrier"].id, COMPANIES["liner"].id))
    holder = pen.member(carrier)
    kind = TitleKind.STRAIGHT if pen.once_in(4) else TitleKind.ORDER
    blank = kind == TitleKind.ORDER and not pen.once_in(2)
    return pen.act(
        "Issue",
        carrier,
        hash_of(f"title {len(pen.world.titles)}"),
        0,
        kind=int(kind),
        party=NOBODY if blank else pen.one_of((holder, pen.member())),
        holder=holder,
        deadline=pen.deadline(),
        loading=LOADING,
        discharge=DISCHARGE,
        root=pen.one_of(ROOTS),
    )


def on_title(pen: Pen, title: Title) -> Drawn | None:
    """Return a sensible act by one of the rows that fit the title's kind and state."""
    rows = fitting_rows(pen, title)
    if not rows:
        return None
    often = [row for row in rows if row.verb not in _RARELY]
    return by_row(pen, title, pen.one_of(rows if not often or pen.once_in(5) else often))


def fitting_rows(pen: Pen, title: Title) -> list[VerbRow]:
    """Return the rows by which an act on the title may take effect."""
    return [
        row
        for row in VERB_ROWS
        if title.kind in row.kinds and title.state in row.states and _likely(pen, title, row)
    ]


def by_row(pen: Pen, title: Title, row: VerbRow) -> Drawn:
    """Return an act that holds to the row as far as the title lets it."""
    principal = _who(pen, title, row)
    counter = 0 if "no_counter" in row.when else title.counter
    fields = _FIELDS[row.verb](pen, title, row, principal)
    return pen.act(row.verb, principal, title.id, counter, **fields)


def _likely(pen: Pen, title: Title, row: VerbRow) -> bool:
    """Whether the row is worth a try: there is an offer, a lien or a freeze where it needs one."""
    offer, pledged = title.offer, title.pledgee != NOBODY
    lapsed = offer is not None and pen.world.now > offer.deadline
    if "offer_open" in row.when and offer is None:
        return False
    if "no_offer" in row.when and offer is not None and not lapsed:
        return False
    if "unfrozen" in row.when and title.freezes and not pen.once_in(8):
        return False
    if row.capacity == "pledgee" and not pledged:
        return False
    if "unpledged" in row.when and pledged:
        return False
    if "for_amendment" in row.when and row.verb != "Surrender":
        return offer is not None and offer.purpose == SurrenderPurpose.AMENDMENT
    if "proposal_named" in row.when:
        return any(waits_for_second(freeze) for freeze in title.orders.values())
    if row.verb == "Accept" and offer is not None and not _answers(offer, row):
        return False
    return "frozen_under" not in row.when or title.freezes > 0


def waits_for_second(freeze: Freeze) -> bool:
    """Whether a transfer is proposed and not confirmed."""
    return freeze.proposal != NOBODY and not freeze.transferred


def _answers(offer: Offer, row: VerbRow) -> bool:
    """Whether the row is for an offer of this capacity or purpose."""
    named = {"as_holder": offer.capacity == 1, "as_pledgee": offer.capacity == 2}
    named |= {"for_delivery": offer.purpose == 1, "for_paper": offer.purpose == 3}
    return all(holds for condition, holds in named.items() if condition in row.when)


def _who(pen: Pen, title: Title, row: VerbRow) -> bytes:
    offer = title.offer
    answering = pen.world.members.answering(title.carrier)
    if row.capacity == "authority":
        if "by_freezer" in row.when and title.orders:
            return pen.one_of([freeze.by for freeze in title.orders.values()])
        return pen.one_of(_authorities(pen, title, row))
    return {
        "carrier": title.carrier,
        "answering": answering,
        "holder": title.holder,
        "pledgee": title.pledgee,
        "offeree": answering if offer and offer.purpose else offer.to if offer else NOBODY,
        "offerer": offer.by if offer else NOBODY,
    }[row.capacity]


def _authorities(pen: Pen, title: Title, row: VerbRow) -> list[bytes]:
    """Return who may use authority on the title; for a second one, who did not propose."""
    roles = Role.CUSTOMS | Role.REGULATOR
    proposers = {freeze.proposer for freeze in title.orders.values() if "by_another" in row.when}
    if proposers and pen.once_in(4):
        proposers = set()
    members = pen.world.members
    return [
        id_
        for id_ in MEMBERS
        if any(members.assigned(port, roles, id_) for port in (title.loading, title.discharge))
        and id_ not in proposers
        and members.is_active(id_)
    ] or [pen.member(roles=roles)]


def _offer(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    to = pen.member(principal)
    if "to_party" in row.when:
        to = title.party
    if "to_bank" in row.when:
        to = pen.member(principal, roles=Role.BANK)
    endorsements: tuple[int, ...] = (0, 1, 2)
    if "without_endorsement" in row.when:
        endorsements = (0,)
    if "with_endorsement" in row.when:
        endorsements = (1, 2)
    return {
        "to": to,
        "capacity": int(Capacity.PLEDGEE if "as_pledgee" in row.when else Capacity.HOLDER),
        "endorsement": pen.one_of(endorsements),
        "deadline": pen.deadline(),
        "root": title.root,
    }


def _answer(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    offer = title.offer
    assert offer is not None
    amended = {"Amend": "root", "ConsentAmendment": "amended"}.get(row.verb)
    if amended:
        return {"offer": offer.digest, amended: offer.root}
    named: Fields = {"offer": offer.name}
    return named | {"root": title.root} if row.verb == "Accept" else named


def _surrender(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    purposes = {"for_amendment": 2, "for_paper": 3}
    purpose = next((n for word, n in purposes.items() if word in row.when), 1)
    amends = purpose == SurrenderPurpose.AMENDMENT
    return {
        "purpose": purpose,
        "root": title.root,
        "amended": pen.one_of([r for r in ROOTS if r != title.root]) if amends else NOBODY,
        "deadline": pen.deadline(),
    }


def _return(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    return {"holder": pen.member(principal), "deadline": pen.deadline(), "root": title.root}


def _order(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    ports = {port for port, _, member in pen.world.members.assignments if member == principal}
    order = pen.one_of(ORDERS)
    if row.verb != "Freeze" and title.orders:
        ready = [id_ for id_, freeze in title.orders.items() if waits_for_second(freeze)]
        order = pen.one_of(ready if ready and "proposal_named" in row.when else list(title.orders))
    return {"port": pen.one_of(sorted(ports) or [LOADING]), "order": order}


def _propose(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    own = {"to": pen.member(title.pledgee), "endsLien": pen.one_of((0, 1))}
    return _order(pen, title, row, principal) | own


def _confirm(pen: Pen, title: Title, row: VerbRow, principal: bytes) -> Fields:
    fields = _order(pen, title, row, principal)
    freeze = title.orders.get(fields["order"])
    return {**fields, "proposal": freeze.proposal if freeze else NOBODY}


def _hash(name: str) -> Callable[..., Fields]:
    return lambda pen, title, row, principal: {name: hash_of(name)}


_FIELDS: Mapping[str, Callable[[Pen, Title, VerbRow, bytes], Fields]] = {
    "Offer": _offer,
    "Accept": _answer,
    "Decline": _answer,
    "Withdraw": _answer,
    "Amend": _answer,
    "ConsentAmendment": _answer,
    "ReleasePledge": lambda pen, title, row, principal: {"root": title.root},
    "Surrender": _surrender,
    "RecordDefault": _hash("notice"),
    "ReturnFromPaper": _return,
    "VoidTitle": _hash("reason"),
    "Freeze": _order,
    "Lift": _order,
    "ProposeTransfer": _propose,
    "ConfirmTransfer": _confirm,
}
