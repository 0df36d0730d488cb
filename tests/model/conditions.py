"""The conditions of the verb table: one function each, by the condition's name."""

from collections.abc import Callable, Mapping

from model.failures import Failure, active, unless
from model.legal_conditions import LEGAL_TERMS
from model.members import NOBODY
from model.titles import Attempt, offer_id

from identity.acts.words import Capacity, Endorsement, Role, SurrenderPurpose, TitleKind

LONGEST_OFFER = 90 * 86_400  # seconds
MOST_VERSIONS = 4_095
LAST_PORT = 0xFFFF


def _tag_new(a: Attempt) -> Failure:
    return unless(not a.taken, title=a.title.id)


def _kind_known(a: Attempt) -> Failure:
    kind = a.fields["kind"]
    return unless(kind in (TitleKind.STRAIGHT, TitleKind.ORDER), kind=kind)


def _party_active(a: Attempt) -> Failure:
    party = a.fields["party"]
    blank = a.fields["kind"] == TitleKind.ORDER and party == NOBODY
    return None if blank else active(a, party)


def _ports_known(a: Attempt) -> Failure:
    ports = (a.fields["loading"], a.fields["discharge"])
    unknown = [port for port in ports if not 0 < port <= LAST_PORT]
    return {"port": unknown[0]} if unknown else None


def _counter_named(a: Attempt) -> Failure:
    given, expected = a.fields["counter"], a.title.counter
    return unless(given == expected, object=a.title.id, expected=expected, given=given)


def _no_counter(a: Attempt) -> Failure:
    given = a.fields["counter"]
    return unless(given == 0, object=a.title.id, expected=0, given=given)


def _root_named(a: Attempt) -> Failure:
    given, root = a.fields["root"], a.title.root
    return unless(given == root, title=a.title.id, root=root, given=given)


def _unfrozen(a: Attempt) -> Failure:
    return unless(a.title.freezes == 0, title=a.title.id)


def _no_offer(a: Attempt) -> Failure:
    offer = a.title.offer
    return unless(offer is None or a.now > offer.deadline, title=a.title.id)


def _offer_open(a: Attempt) -> Failure:
    return unless(a.title.offer is not None, title=a.title.id)


def _offer_named(a: Attempt) -> Failure:
    assert a.title.offer
    given, offer = a.fields["offer"], a.title.offer.id
    if not a.title.offer.amends:
        given = offer_id(given, a.title.root)
    return unless(given == offer, title=a.title.id, offer=offer, given=given)


def _in_time(a: Attempt) -> Failure:
    assert a.title.offer
    deadline = a.title.offer.deadline
    return unless(a.now <= deadline, title=a.title.id, deadline=deadline)


def _offerer_active(a: Attempt) -> Failure:
    assert a.title.offer
    return active(a, a.title.offer.by)


def _offeree_of(a: Attempt) -> bytes:
    return bytes(a.fields["to"] if a.verb == "Offer" else a.fields["holder"])


def _offeree_active(a: Attempt) -> Failure:
    return active(a, _offeree_of(a))


def _offeree_other(a: Attempt) -> Failure:
    return unless(_offeree_of(a) != a.principal, title=a.title.id)


def _deadline_ahead(a: Attempt) -> Failure:
    deadline = a.fields["deadline"]
    return unless(a.now < deadline <= a.now + LONGEST_OFFER, deadline=deadline)


def _capacity_is(a: Attempt, capacity: Capacity) -> Failure:
    offer = a.title.offer
    given = a.fields["capacity"] if a.verb == "Offer" else offer.capacity if offer else 0
    return unless(given == capacity, capacity=given)


def _endorsement_in(a: Attempt, *allowed: Endorsement) -> Failure:
    given = a.fields["endorsement"]
    return unless(given in allowed, title=a.title.id, endorsement=given)


def _purpose_is(a: Attempt, purpose: SurrenderPurpose) -> Failure:
    offer = a.title.offer
    given = a.fields["purpose"] if a.verb == "Surrender" else offer.purpose if offer else 0
    return unless(given == purpose, purpose=given)


def _holder_not_party(a: Attempt) -> Failure:
    return unless(a.title.holder != a.title.party, title=a.title.id)


def _holder_is_party(a: Attempt) -> Failure:
    return _party(a, a.title.holder == a.title.party, a.title.holder)


def _holder_entitled(a: Attempt) -> Failure:
    return _party(a, a.title.party in (NOBODY, a.title.holder), a.title.holder)


def _party_blank(a: Attempt) -> Failure:
    return _party(a, a.title.party == NOBODY, _offeree_of(a))


def _party_elsewhere(a: Attempt) -> Failure:
    return _party(a, a.title.party not in (NOBODY, a.title.holder), _offeree_of(a))


def _to_party(a: Attempt) -> Failure:
    return _party(a, _offeree_of(a) == a.title.party, _offeree_of(a))


def _party(a: Attempt, holds: bool, member: bytes) -> Failure:
    return unless(holds, title=a.title.id, member=member, party=a.title.party)


def _to_bank(a: Attempt) -> Failure:
    to = _offeree_of(a)
    roles = a.members.members[to].roles
    return unless(bool(roles & Role.BANK), member=to, role=int(Role.BANK))


def _unpledged(a: Attempt) -> Failure:
    return unless(a.title.pledgee == NOBODY, title=a.title.id)


def _enforceable(a: Attempt) -> Failure:
    since = a.title.enforceable_from
    return unless(since != 0 and a.now >= since, title=a.title.id)


def _no_default(a: Attempt) -> Failure:
    return unless(a.title.enforceable_from == 0, title=a.title.id)


def _amended_named(a: Attempt) -> Failure:
    assert a.title.offer
    amended = a.fields["root" if a.verb == "Amend" else "amended"]
    given = offer_id(a.fields["offer"], amended)
    named = a.title.offer.id
    return unless(given == named, title=a.title.id, offer=named, given=given)


def _amended_other(a: Attempt) -> Failure:
    amended = a.fields["amended"]
    return unless(amended not in (NOBODY, a.title.root), title=a.title.id, amended=amended)


def _no_amended(a: Attempt) -> Failure:
    return unless(a.fields["amended"] == NOBODY)


def _consented(a: Attempt) -> Failure:
    return unless(a.title.pledgee == NOBODY or a.title.consented, title=a.title.id)


def _not_consented(a: Attempt) -> Failure:
    return unless(not a.title.consented, title=a.title.id)


CONDITION_TERMS: Mapping[str, Callable[[Attempt], Failure]] = {
    "tag_new": _tag_new,
    "kind_known": _kind_known,
    "party_active": _party_active,
    "ports_known": _ports_known,
    "counter_named": _counter_named,
    "no_counter": _no_counter,
    "root_named": _root_named,
    "unfrozen": _unfrozen,
    "no_offer": _no_offer,
    "offer_open": _offer_open,
    "offer_named": _offer_named,
    "in_time": _in_time,
    "offerer_active": _offerer_active,
    "offeree_active": _offeree_active,
    "offeree_other": _offeree_other,
    "deadline_ahead": _deadline_ahead,
    "as_holder": lambda a: _capacity_is(a, Capacity.HOLDER),
    "as_pledgee": lambda a: _capacity_is(a, Capacity.PLEDGEE),
    "without_endorsement": lambda a: _endorsement_in(a, Endorsement.NONE),
    "with_endorsement": lambda a: _endorsement_in(a, Endorsement.NAMED, Endorsement.BLANK),
    "any_endorsement": lambda a: _endorsement_in(a, *Endorsement),
    "holder_not_party": _holder_not_party,
    "holder_is_party": _holder_is_party,
    "holder_entitled": _holder_entitled,
    "party_blank": _party_blank,
    "party_elsewhere": _party_elsewhere,
    "to_party": _to_party,
    "to_bank": _to_bank,
    "unpledged": _unpledged,
    "enforceable": _enforceable,
    "no_default": _no_default,
    "for_delivery": lambda a: _purpose_is(a, SurrenderPurpose.DELIVERY),
    "for_amendment": lambda a: _purpose_is(a, SurrenderPurpose.AMENDMENT),
    "for_paper": lambda a: _purpose_is(a, SurrenderPurpose.PAPER),
    "amended_named": _amended_named,
    "amended_other": _amended_other,
    "no_amended": _no_amended,
    "consented": _consented,
    "not_consented": _not_consented,
    "room_for_version": lambda a: unless(a.title.version < MOST_VERSIONS, title=a.title.id),
    **LEGAL_TERMS,
}
