"""May this actor do this? Pure: the caller fetches the facts, once, and keeps the answer's code.

Whatever is not allowed in ``roles.json`` is refused. It answers for people and services inside a
member; what the ledger allows the member itself, the contracts decide.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from identity.policy.mandate import Mandate, Terms, approvals_needed, limit_refusal


@dataclass(frozen=True)
class Actor:
    """Who asks: a person or service (``subject``) of a member (its id), with its roles.

    ``mandate`` is what the member's authority file says besides; None where there is no file.
    ``scopes`` are the verbs that this caller's token was narrowed to; None where it was not.
    """

    member: str
    subject: str
    roles: frozenset[str]
    mandate: Mandate | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True)
class Facts:
    """What the decision rests on; member ids, None where there is no such thing.

    Attributes:
        node: the member whose node is asked.
        carrier, answering, controller, holder, pledgee: of the title the verb changes; answering
            is who answers for the carrier.
        counterparty, offerer: whom the open offer, of a title or pickup right, was made to, and
            who made it.
        authority: this member where it is assigned as an authority to one of the object's ports.
        ordering_authority: under whose order the freeze or hold that is named stands.
        second_authority: this member where it is such an authority and did not propose.
        condition_member: the member named for the condition the verb sets.
        terminal, entitled: of the delivery order; entitled is who surrendered its title.
        right_owner: who owns the pickup right.
        device_owner: who registered the device.
        terms: what the operation is about, for limits and approvals; None only for a read, or
            where there is no authority file.
    """

    node: str
    carrier: str | None = None
    answering: str | None = None
    controller: str | None = None
    holder: str | None = None
    pledgee: str | None = None
    counterparty: str | None = None
    offerer: str | None = None
    authority: str | None = None
    ordering_authority: str | None = None
    second_authority: str | None = None
    condition_member: str | None = None
    terminal: str | None = None
    entitled: str | None = None
    right_owner: str | None = None
    device_owner: str | None = None
    terms: Terms | None = None


@dataclass(frozen=True)
class Decision:
    """The answer: ``code`` is ALLOWED or the refusal's, ``message`` a sentence for a person.

    ``approvals``: how many others must approve before what is allowed is done.
    """

    allowed: bool
    code: str
    message: str
    approvals: int = 0


@dataclass(frozen=True)
class Rule:
    """Who may use one verb: any of these roles, of a member in any of these capacities, if any."""

    roles: frozenset[str]
    capacities: tuple[str, ...]


def _load() -> tuple[dict[str, Rule], dict[str, Decision], frozenset[str]]:
    data = json.loads((Path(__file__).parent / "roles.json").read_bytes())
    rules = {
        row["verb"]: Rule(frozenset(row["roles"]), tuple(row["capacities"]))
        for row in data["verbs"]
    }
    refusals = {
        name: Decision(False, capacity["code"], capacity["says"])
        for name, capacity in data["capacities"].items()
    }
    return rules, refusals, frozenset(role["name"] for role in data["roles"])


_rules, _NOT_IN_CAPACITY, ROLES = _load()
RULES: Mapping[str, Rule] = _rules
ALLOWED = Decision(True, "ALLOWED", "Allowed.")
_VERB_UNKNOWN = Decision(False, "VERB_UNKNOWN", "Nobody may do this: there is no such verb.")
_OTHER_MEMBER = Decision(False, "NOT_THIS_MEMBER", "This node answers its own member alone.")
_SUSPENDED = Decision(False, "SUBJECT_SUSPENDED", "This person or service may do nothing now.")
_OUT_OF_SCOPE = Decision(False, "SCOPE_NOT_GRANTED", "The token was not given for this verb.")
_APART = "Who has done one of the two on this object does not do the other."


def decide(actor: Actor, verb: str, facts: Facts) -> Decision:
    """Return whether ``actor`` may use ``verb``, an act's name or a read of ``roles.json``.

    In this order: VERB_UNKNOWN, NOT_THIS_MEMBER, SUBJECT_SUSPENDED, ROLE_NOT_ALLOWED,
    SCOPE_NOT_GRANTED, for an act that needs a capacity the first capacity's own code, such as
    NOT_THE_CONTROLLER, also when its fact is missing; DUTIES_APART, and what ``limit_refusal``
    says.
    """
    rule = RULES.get(verb)
    if rule is None:
        return _VERB_UNKNOWN
    if actor.member != facts.node:
        return _OTHER_MEMBER
    refusal = _by_role(actor, verb, rule)
    if refusal is not None:
        return refusal
    if rule.capacities and not any(getattr(facts, c) == actor.member for c in rule.capacities):
        return _NOT_IN_CAPACITY[rule.capacities[0]]
    if actor.mandate is None or facts.terms is None:
        return ALLOWED
    return _by_mandate(actor.mandate, verb, facts.terms)


def decide_approval(approver: Actor, verb: str, terms: Terms, asker: str) -> Decision:
    """Return whether ``approver`` may approve what ``asker`` asked for: its own role and limits.

    Besides the codes of ``decide``: OWN_REQUEST, for what it asked for itself.
    """
    rule = RULES.get(verb)
    if rule is None:
        return _VERB_UNKNOWN
    if approver.subject == asker:
        return Decision(False, "OWN_REQUEST", "Nobody approves what they asked for themselves.")
    refusal = _by_role(approver, verb, rule)
    if refusal is not None:
        return refusal
    if approver.mandate is None:
        return Decision(
            False, "AUTHORITY_FILE_MISSING", "There is no authority file to approve by."
        )
    limits = approver.mandate.limits_on(terms.operation)
    lacks = limit_refusal(limits, terms, approved=True)
    return ALLOWED if lacks is None else Decision(False, *lacks)


def _by_role(actor: Actor, verb: str, rule: Rule) -> Decision | None:
    if actor.mandate is not None and actor.mandate.suspended:
        return _SUSPENDED
    if not rule.roles & actor.roles:
        needed = ", ".join(sorted(rule.roles))
        return Decision(False, "ROLE_NOT_ALLOWED", f"{verb} needs one of these roles: {needed}.")
    if actor.scopes is not None and verb not in actor.scopes:
        return _OUT_OF_SCOPE
    return None


def _by_mandate(mandate: Mandate, verb: str, terms: Terms) -> Decision:
    if mandate.apart.get(verb, frozenset()) & terms.done:
        return Decision(False, "DUTIES_APART", _APART)
    needed = approvals_needed(mandate, terms)
    limits = mandate.limits_on(terms.operation)
    lacks = limit_refusal(limits, terms, approved=needed > 0)
    if lacks is not None:
        return Decision(False, *lacks)
    return ALLOWED if not needed else Decision(True, "ALLOWED", "Others must approve it.", needed)
