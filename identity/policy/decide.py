"""May this actor do this? Pure: the caller fetches the facts, once, and keeps the answer's code.

Whatever is not allowed in ``roles.json`` is refused. It answers for people and services inside a
member; what the ledger allows the member itself, the contracts decide.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Actor:
    """Who asks: a person or service (``subject``) of a member (its id), with its roles."""

    member: str
    subject: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Facts:
    """What the decision rests on; member ids, None where there is no such thing.

    Attributes:
        node: the member whose node is asked.
        carrier, controller, counterparty, pledgee: of the title the verb changes;
            counterparty is the member that its open offer was made to.
        condition_member: the member named for the condition the verb sets.
    """

    node: str
    carrier: str | None = None
    controller: str | None = None
    counterparty: str | None = None
    pledgee: str | None = None
    condition_member: str | None = None


@dataclass(frozen=True)
class Decision:
    """The answer: ``code`` is ALLOWED or the refusal's, ``message`` a sentence for a person."""

    allowed: bool
    code: str
    message: str


@dataclass(frozen=True)
class Rule:
    """Who may use one verb: any of these roles, of a member in this capacity."""

    roles: frozenset[str]
    capacity: str | None


def _load() -> tuple[dict[str, Rule], dict[str, Decision], frozenset[str]]:
    data = json.loads((Path(__file__).parent / "roles.json").read_bytes())
    rules = {row["verb"]: Rule(frozenset(row["roles"]), row["capacity"]) for row in data["verbs"]}
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


def decide(actor: Actor, verb: str, facts: Facts) -> Decision:
    """Return whether ``actor`` may use ``verb``, an act's name or a read of ``roles.json``.

    In this order: VERB_UNKNOWN, NOT_THIS_MEMBER, ROLE_NOT_ALLOWED, and for an act on a title or
    condition the capacity's own code, such as NOT_THE_CONTROLLER, also when its fact is missing.
    """
    rule = RULES.get(verb)
    if rule is None:
        return _VERB_UNKNOWN
    if actor.member != facts.node:
        return _OTHER_MEMBER
    if not rule.roles & actor.roles:
        needed = ", ".join(sorted(rule.roles))
        return Decision(False, "ROLE_NOT_ALLOWED", f"{verb} needs one of these roles: {needed}.")
    if rule.capacity is not None and getattr(facts, rule.capacity) != actor.member:
        return _NOT_IN_CAPACITY[rule.capacity]
    return ALLOWED
