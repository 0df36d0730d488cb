"""The capacities of the verb table: one function each, by the capacity's name."""

from collections.abc import Callable, Mapping

from model.failures import INSTEAD, Failure, active, is_principal, unless
from model.titles import Attempt

from identity.acts.words import Role

AUTHORITIES = Role.CUSTOMS | Role.REGULATOR


def _issuer(a: Attempt) -> Failure:
    role = Role.CARRIER
    has = a.members.members[a.principal].roles & role
    return unless(bool(has), member=a.principal, role=int(role))


def _offeree(a: Attempt) -> Failure:
    assert a.title.offer
    if a.title.offer.purpose:
        return _answering(a)
    return is_principal(a, a.title.offer.to, "counterparty")


def _answering(a: Attempt) -> Failure:
    answering = a.members.answering(a.title.carrier)
    failed = active(a, answering)
    return (
        {INSTEAD: "MemberNotActive", **failed}
        if failed
        else is_principal(a, answering, "counterparty")
    )


def _offerer(a: Attempt) -> Failure:
    assert a.title.offer
    return is_principal(a, a.title.offer.by, "controller")


def _authority(a: Attempt) -> Failure:
    port = a.fields["port"]
    at_port = port in (a.title.loading, a.title.discharge)
    return unless(
        at_port and a.members.assigned(port, AUTHORITIES, a.principal),
        port=port,
        role=int(AUTHORITIES),
        member=a.principal,
    )


CAPACITY_TERMS: Mapping[str, Callable[[Attempt], Failure]] = {
    "issuer": _issuer,
    "carrier": lambda a: is_principal(a, a.title.carrier, "carrier"),
    "answering": _answering,
    "holder": lambda a: is_principal(a, a.title.holder, "holder"),
    "pledgee": lambda a: is_principal(a, a.title.pledgee, "pledgee"),
    "offeree": _offeree,
    "offerer": _offerer,
    "authority": _authority,
}
