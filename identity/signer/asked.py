"""Who asked for an act, and who approved it: what the signer checks by the authority file.

It knows the act, the subject that the node names, and the approvals; it has no document, no ports
and no value but those that an approver signed. docs/protocol/authority.md says what is left to
the node alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from identity.acts.typed import Act
from identity.approvals.approval import Approval, check_approval, operations, read_terms
from identity.authority.file import AuthorityFile
from identity.errors import ApprovalMissing, ApprovalRefused, AskerRefused, RequestMalformed
from identity.policy.decide import RULES
from identity.policy.mandate import Mandate, Terms, limit_refusal

MAX_APPROVALS = 8


@dataclass(frozen=True)
class Asked:
    """Who asked for an act, and what others said to it."""

    subject: str
    approvals: tuple[Approval, ...] = ()

    @staticmethod
    def from_json(given: object) -> "Asked":
        """Read ``{"subject", "approvals"}``; raises RequestMalformed, ApprovalMalformed."""
        if not isinstance(given, dict) or set(given) != {"subject", "approvals"}:
            raise RequestMalformed("asked is not {subject, approvals}.")
        subject, approvals = given["subject"], given["approvals"]
        if not isinstance(subject, str) or not 1 <= len(subject) <= 128:
            raise RequestMalformed("asked names no subject.")
        if not isinstance(approvals, list) or len(approvals) > MAX_APPROVALS:
            raise RequestMalformed(f"asked has no list of at most {MAX_APPROVALS} approvals.")
        return Asked(subject, tuple(map(Approval.from_json, approvals)))

    def to_json(self) -> dict[str, object]:
        """Return what ``from_json`` reads."""
        approvals = [approval.to_json() for approval in self.approvals]
        return {"subject": self.subject, "approvals": approvals}


def check_asked(file: AuthorityFile, act: Act, digest: bytes, asked: Asked, now: int) -> None:
    """Return if the file lets this act be signed for who asked, with these approvals.

    1. Each approval counts, and no two are one person's. 2. There are as many as the file's rules
    for the act demand; those from a value on are the node's to demand. 3. Who asked has the role,
    is not suspended, and its limits let it, as far as the approvers' terms tell.

    Raises: ApprovalRefused, ApprovalMissing, AskerRefused.
    """
    approvers = [approval.subject for approval in asked.approvals]
    if len(set(approvers)) < len(approvers):
        raise ApprovalRefused("One person approves once.", reason="TWICE")
    for approval in asked.approvals:
        check_approval(file, act, digest, asked.subject, approval, now)
    needed = _needed(file, act)
    if len(approvers) < needed:
        raise ApprovalMissing(
            f"The act needs {needed} approvals and has {len(approvers)}.",
            verb=act.name, needed=needed, given=len(approvers),
        )  # fmt: skip
    _check_asker(file, act, asked, now)


def _needed(file: AuthorityFile, act: Act) -> int:
    everybody = Mandate(rules=file.rules)
    rules = [rule for name in operations(act) for rule in everybody.rules_on(name)]
    return max((rule.approvals for rule in rules if rule.from_value is None), default=0)


def _check_asker(file: AuthorityFile, act: Act, asked: Asked, now: int) -> None:
    actor = file.actor(asked.subject)
    mandate = actor.mandate
    if mandate is None or mandate.suspended or not RULES[act.name].roles & actor.roles:
        raise AskerRefused("Who asked may not do this.", verb=act.name, reason="ROLE_NOT_ALLOWED")
    told: Sequence[Terms] = [read_terms(each.terms, now) for each in asked.approvals]
    for terms in told:
        lacks = limit_refusal(mandate.limits_on(terms.operation), terms, approved=True)
        if lacks is not None:
            raise AskerRefused("Who asked may not do this.", verb=act.name, reason=lacks[0])
    if not told and all(_ended(mandate, name, now) for name in operations(act)):
        raise AskerRefused("Who asked may not do this.", verb=act.name, reason="LIMIT_ENDED")


def _ended(mandate: Mandate, operation: str, now: int) -> bool:
    """Whether every limit on the operation is over, whatever ports and value it names."""
    limits = [replace(one, ports=None, max_value=None) for one in mandate.limits_on(operation)]
    return limit_refusal(limits, Terms(operation, now), approved=False) is not None
