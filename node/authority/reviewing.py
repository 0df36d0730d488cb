"""The access review: who may do what, what they did with it, and what a reviewer should ask about.

It reads the authority file, the tokens, the accounts and the audit rows of one member, and changes
nothing. It tells names, roles and counts, never a document's content.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, func, select

from identity.authority.file import AuthorityFile, Subject
from identity.authority.signing import signed_by
from identity.policy.decide import RULES
from node.settings import Settings
from node.store.audit import AuditRow
from node.store.people import Account

UNUSED_SECONDS = 90 * 24 * 3600
SOON_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class Review:
    """What a reviewer reads.

    Attributes:
        subjects: one row each: roles, what they allow, limits, keys, last use.
        questions: what should be asked about, each with subject and a sentence.
    """

    number: int
    administrators: list[str]
    threshold: int
    signed_by: list[str]
    rules: list[dict[str, Any]]
    separation: list[list[str]]
    subjects: list[dict[str, Any]]
    questions: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return dict(vars(self))


def review(session: Session, settings: Settings, file: AuthorityFile) -> Review:
    """Return the report on ``file`` as things stand now."""
    now = int(time.time())
    used = _last_use(session)
    accounts = {row.name: row.enabled for row in session.exec(select(Account))}
    tokens = _token_subjects(settings)
    content = file.content
    report = Review(
        number=file.number,
        administrators=[one.subject for one in file.administrators],
        threshold=file.threshold,
        signed_by=signed_by(file, file.administrators),
        rules=[dict(rule) for rule in content.get("rules", [])],
        separation=[list(pair) for pair in content.get("separation", [])],
        subjects=[_row(one, content, used, now) for one in file.subjects.values()],
    )
    for one in file.subjects.values():
        report.questions.extend(_questions(one, used.get(one.subject), accounts, tokens, now))
    report.questions.extend(_of_everybody(file, {**dict.fromkeys(tokens, True), **accounts}))
    return report


def _row(
    one: Subject, content: Mapping[str, Any], used: Mapping[str, tuple[int, int]], now: int
) -> dict[str, Any]:
    given = next(row for row in content["subjects"] if row["subject"] == one.subject)
    may = sorted(verb for verb, rule in RULES.items() if rule.roles & one.roles)
    last, count = used.get(one.subject, (None, 0))
    return {
        "subject": one.subject,
        "kind": one.kind,
        "roles": sorted(one.roles),
        "suspended": one.mandate.suspended,
        "may": [] if one.mandate.suspended else may,
        "limits": given.get("limits", []),
        "approves_with": [
            {"kind": key.kind, "ended": key.until is not None and key.until < now}
            for key in one.approval_keys
        ],
        "last_used": last,
        "entries": count,
    }


def _questions(
    one: Subject,
    used: tuple[int, int] | None,
    accounts: Mapping[str, bool],
    tokens: frozenset[str],
    now: int,
) -> list[dict[str, str]]:
    said: list[str] = []
    if not one.mandate.suspended:
        if used is None or used[0] < now - UNUSED_SECONDS:
            said.append("has not used its roles for 90 days")
        if one.subject not in accounts and one.subject not in tokens and one.subject != "node":
            said.append("has roles, and neither an account nor a token")
        if accounts.get(one.subject) is False:
            said.append("has roles, and an account that is closed")
    for key in one.approval_keys:
        if key.until is not None and key.until < now + SOON_SECONDS:
            said.append("has an approval key that has ended or ends within 30 days")
    for limits in one.mandate.limits.values():
        if any(limit.until is not None and limit.until < now for limit in limits):
            said.append("has a limit that has ended")
            break
    if one.kind != "person" and one.approval_keys:
        said.append("is no person, and has keys to approve with that never count")
    return [{"subject": one.subject, "says": f"{one.subject} {words}."} for words in said]


def _of_everybody(file: AuthorityFile, known: Mapping[str, bool]) -> list[dict[str, str]]:
    found = [
        {"subject": name, "says": f"{name} can sign in, and the file gives it no role."}
        for name in sorted(set(known) - set(file.subjects))
    ]
    for verbs, needed in _rules(file):
        able = [
            one
            for one in file.subjects.values()
            if one.approval_keys
            and one.kind == "person"
            and not one.mandate.suspended
            and any(_acts_roles(verb) & one.roles for verb in verbs)
        ]
        if len(able) <= needed:
            words = ", ".join(verbs)
            says = f"{words} needs {needed} approvals; {len(able)} can approve, the asker included."
            found.append({"subject": "", "says": says})
    return found


def _rules(file: AuthorityFile) -> list[tuple[list[str], int]]:
    return [(list(rule["verbs"]), rule["approvals"]) for rule in file.content.get("rules", [])]


def _acts_roles(operation: str) -> frozenset[str]:
    rule = RULES.get("Offer" if operation == "Pledge" else operation)
    return frozenset() if rule is None else rule.roles


def _last_use(session: Session) -> dict[str, tuple[int, int]]:
    query = select(AuditRow.subject, func.max(AuditRow.at), func.count()).group_by(
        col(AuditRow.subject)
    )
    return {subject: (int(last), int(count)) for subject, last, count in session.exec(query)}


def _token_subjects(settings: Settings) -> frozenset[str]:
    try:
        rows = json.loads(settings.tokens_file.read_bytes())
        return frozenset(str(row["subject"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError):
        return frozenset()
