"""The conditions of the verb table on freezes and transfers under an authority's order."""

from collections.abc import Callable, Mapping
from typing import Any

from model.capacities import AUTHORITIES
from model.failures import Failure, active, is_principal, unless
from model.members import NOBODY
from model.titles import Attempt

MOST_FREEZES = 15


def _order_new(a: Attempt) -> Failure:
    return unless(a.freeze is None, **_under(a))


def _room_for_freeze(a: Attempt) -> Failure:
    return unless(a.title.freezes < MOST_FREEZES, title=a.title.id)


def _frozen_under(a: Attempt) -> Failure:
    return unless(a.freeze is not None and a.freeze.standing, **_under(a))


def _by_freezer(a: Attempt) -> Failure:
    assert a.freeze
    ports = (a.title.loading, a.title.discharge)
    if not any(a.members.assigned(port, AUTHORITIES, a.freeze.by) for port in ports):
        return None
    return is_principal(a, a.freeze.by, "authority")


def _freeze_waited(a: Attempt) -> Failure:
    assert a.freeze
    since = a.freeze.transferable_from
    return unless(a.now >= since, title=a.title.id, time=since)


def _not_proposed(a: Attempt) -> Failure:
    assert a.freeze
    return unless(a.freeze.proposal == NOBODY, **_under(a))


def _proposal_named(a: Attempt) -> Failure:
    assert a.freeze
    given = a.fields["proposal"]
    waits = a.freeze.proposal != NOBODY and not a.freeze.transferred
    return unless(waits and given == a.freeze.proposal, **_under(a), given=given)


def _by_another(a: Attempt) -> Failure:
    assert a.freeze
    another = a.freeze.proposer != a.principal
    return unless(another, title=a.title.id, principal=a.principal)


def _under(a: Attempt) -> dict[str, Any]:
    return {"title": a.title.id, "order": a.fields["order"]}


def _transfer_to(a: Attempt) -> bytes:
    if a.verb == "ProposeTransfer":
        return bytes(a.fields["to"])
    assert a.freeze
    return a.freeze.to


def _to_active(a: Attempt) -> Failure:
    return active(a, _transfer_to(a))


def _to_not_pledgee(a: Attempt) -> Failure:
    to = _transfer_to(a)
    return unless(to != a.title.pledgee, title=a.title.id, pledgee=to)


def _lien_said(a: Attempt) -> Failure:
    return unless(a.fields["endsLien"] <= 1)


LEGAL_TERMS: Mapping[str, Callable[[Attempt], Failure]] = {
    "order_new": _order_new,
    "by_freezer": _by_freezer,
    "frozen_under": _frozen_under,
    "freeze_waited": _freeze_waited,
    "not_proposed": _not_proposed,
    "proposal_named": _proposal_named,
    "by_another": _by_another,
    "lien_said": _lien_said,
    "to_active": _to_active,
    "to_not_pledgee": _to_not_pledgee,
    "room_for_freeze": _room_for_freeze,
}
