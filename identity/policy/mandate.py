"""Limits on what one subject may do, and when somebody else must approve: data and pure rules.

Nothing is guessed: where a limit needs a fact that is not known, the answer is no; where an
approval depends on a value that is not known, the approval is needed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

# What limits and rules name: an act's name; and apart from Offer and Accept what is security.
PLEDGE = "Pledge"
TAKE_PLEDGE = "TakePledge"
_WIDER = {PLEDGE: "Offer", TAKE_PLEDGE: "Accept"}

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Money:
    """An amount in one currency (ISO 4217); amounts of two currencies are never compared."""

    amount: Decimal
    currency: str

    @staticmethod
    def of(amount: str, currency: str) -> "Money":
        """Read a decimal number without sign, at most four places; raises ValueError."""
        if not _AMOUNT.fullmatch(amount) or not _CURRENCY.fullmatch(currency):
            raise ValueError("not an amount in a currency")
        return Money(Decimal(amount), currency)

    def within(self, most: "Money") -> bool:
        """Whether this is no more than ``most``; another currency never is."""
        return self.currency == most.currency and self.amount <= most.amount

    def to_json(self) -> dict[str, str]:
        """Return amount, as text, and currency."""
        return {"amount": f"{self.amount:f}", "currency": self.currency}


@dataclass(frozen=True)
class Limit:
    """One thing that a subject may do; it holds for every operation in ``verbs``.

    Attributes:
        ports: UN/LOCODEs, one of which the object must name; None: any.
        max_value: what the document may be worth at most; None: anything.
        until: UTC seconds after which it no longer allows anything; None: for good.
    """

    verbs: frozenset[str]
    ports: frozenset[str] | None = None
    max_value: Money | None = None
    until: int | None = None


@dataclass(frozen=True)
class ApprovalRule:
    """How many others must approve an operation; ``from_value``: only from that value on."""

    approvals: int
    from_value: Money | None = None


@dataclass(frozen=True)
class Mandate:
    """What a member's authority file says about one subject, and about everybody.

    Attributes:
        limits: the subject's own, by operation; an operation without one has no limit but roles.
            Limits of Offer hold for Pledge too, unless Pledge has its own; so with Accept and
            TakePledge.
        rules: by operation; those of Offer hold for Pledge besides its own; so with Accept.
        apart: for an operation those that the same subject may not have done on the same object.
        suspended: the subject may do nothing.
    """

    limits: Mapping[str, tuple[Limit, ...]] = field(default_factory=dict)
    rules: Mapping[str, tuple[ApprovalRule, ...]] = field(default_factory=dict)
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    suspended: bool = False

    def limits_on(self, operation: str) -> tuple[Limit, ...]:
        """Return the limits one of which must let the operation pass."""
        return self.limits.get(operation) or self.limits.get(_WIDER.get(operation, ""), ())

    def rules_on(self, operation: str) -> tuple[ApprovalRule, ...]:
        """Return the rules, all of which hold."""
        wider = self.rules.get(_WIDER.get(operation, ""), ())
        return (*self.rules.get(operation, ()), *wider)

    def asks_value(self, operation: str) -> bool:
        """Whether the decision on ``operation`` needs the document's value."""
        return any(limit.max_value for limit in self.limits_on(operation)) or any(
            rule.from_value for rule in self.rules_on(operation)
        )


@dataclass(frozen=True)
class Terms:
    """What an operation is about; None where it is not known, which no limit lets pass.

    Attributes:
        operation: an act's name, or ``Pledge`` or ``TakePledge``.
        at: UTC seconds.
        ports: UN/LOCODEs of the object.
        value: what the document declares the goods to be worth.
        stated: the value as the asker states it. One person's word: it counts only where somebody
            else approves.
        done: acts that the asker has had done on the same title or device, by name.
    """

    operation: str
    at: int = 0
    ports: frozenset[str] | None = None
    value: Money | None = None
    stated: Money | None = None
    done: frozenset[str] = frozenset()


def approvals_needed(mandate: Mandate, terms: Terms) -> int:
    """Return how many others must approve."""
    values = [value for value in (terms.value, terms.stated) if value is not None]
    return max(
        (
            rule.approvals
            for rule in mandate.rules_on(terms.operation)
            if rule.from_value is None or not _below(values, rule.from_value)
        ),
        default=0,
    )


def limit_refusal(limits: Iterable[Limit], terms: Terms, approved: bool) -> tuple[str, str] | None:
    """Return None if one of ``limits`` lets the operation pass, or there is none; else why not.

    Args:
        limits: those that name the operation.
        approved: somebody else approves, so that a stated value counts.

    Returns:
        Code and sentence of what the first limit lacks: LIMIT_ENDED, LIMIT_FACT_MISSING,
        LIMIT_PORT or LIMIT_VALUE.
    """
    first: tuple[str, str] | None = None
    for limit in limits:
        refusal = _lacks(limit, terms, approved)
        if refusal is None:
            return None
        first = first or refusal
    return first


def _below(values: list[Money], least: Money) -> bool:
    return bool(values) and all(
        value.currency == least.currency and value.amount < least.amount for value in values
    )


def _lacks(limit: Limit, terms: Terms, approved: bool) -> tuple[str, str] | None:
    if limit.until is not None and terms.at > limit.until:
        return "LIMIT_ENDED", "What this person was allowed has ended."
    if limit.ports is not None:
        if not terms.ports:
            return "LIMIT_FACT_MISSING", "A limit names ports, and the object's is not known."
        if not limit.ports & terms.ports:
            return "LIMIT_PORT", "This person does not do this at these ports."
    if limit.max_value is not None:
        stated = terms.stated if approved else None
        values = [value for value in (terms.value, stated) if value is not None]
        if not values:
            return "LIMIT_FACT_MISSING", "A limit names a value, and the document declares none."
        if not all(value.within(limit.max_value) for value in values):
            return "LIMIT_VALUE", "The value is beyond what this person may decide."
    return None
