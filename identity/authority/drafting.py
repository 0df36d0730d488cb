"""Drafts of the authority file: each change gives another draft, which must still be readable.

A draft has no signature: whoever signs it has read it as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from identity.authority.file import FORMAT, ApprovalKey, AuthorityFile, read
from identity.errors import AuthorityFileMalformed

NODE_SERVICE = {"subject": "node", "kind": "service", "roles": ["gate"]}
"""The node itself, which asks for checkpoints of its audit log."""

Draft = dict[str, Any]


def first_draft(
    member: str,
    administrators: Sequence[Mapping[str, str]],
    threshold: int,
    subjects: Iterable[Mapping[str, Any]],
) -> Draft:
    """Return the draft of a first file: number 1, no rules; raises AuthorityFileMalformed."""
    return _checked(
        {
            "authority": FORMAT,
            "member": member,
            "number": 1,
            "administrators": [dict(one) for one in administrators],
            "threshold": threshold,
            "subjects": [dict(one) for one in (NODE_SERVICE, *subjects)],
            "rules": [],
            "separation": [],
        }
    )


def next_draft(file: AuthorityFile) -> Draft:
    """Return a draft of the number after ``file``'s, otherwise the same."""
    return {**file.content, "number": file.number + 1}


def with_subject(draft: Draft, name: str, kind: str, roles: Sequence[str]) -> Draft:
    """Add a subject, or give one that is there these roles; raises AuthorityFileMalformed."""
    row = _row(draft, name) or {"subject": name}
    return _with_row(draft, {**row, "kind": kind, "roles": list(roles)})


def without_subject(draft: Draft, name: str) -> Draft:
    """Take a subject out; raises AuthorityFileMalformed when it is not there."""
    _require_row(draft, name)
    left = [row for row in draft["subjects"] if row["subject"] != name]
    return _checked({**_unsigned(draft), "subjects": left})


def with_suspension(draft: Draft, name: str, suspended: bool) -> Draft:
    """Let a subject do nothing for the time being, or again what it may."""
    return _with_row(draft, {**_require_row(draft, name), "suspended": suspended})


def with_limit(draft: Draft, name: str, limit: Mapping[str, Any]) -> Draft:
    """Set a subject's one limit on these verbs, in place of those that named any of them."""
    row = _require_row(draft, name)
    others = [one for one in row.get("limits", []) if not set(one["verbs"]) & set(limit["verbs"])]
    given = {part: value for part, value in limit.items() if value is not None}
    return _with_row(draft, {**row, "limits": [*others, given]})


def with_approval_key(draft: Draft, name: str, key: ApprovalKey) -> Draft:
    """Let a person approve with a key besides those it has."""
    row = _require_row(draft, name)
    told: dict[str, Any] = {"kind": key.kind, "public_key": "0x" + key.public_key.hex()}
    if key.kind == "certificate":
        told["algorithm"] = key.algorithm
    else:
        told |= {"credential": "0x" + key.credential.hex(), "rp": key.rp, "origin": key.origin}
    if key.until is not None:
        told["until"] = key.until
    others = [
        one for one in row.get("approval_keys", []) if one["public_key"] != told["public_key"]
    ]
    return _with_row(draft, {**row, "approval_keys": [*others, told]})


def with_rule(
    draft: Draft, verbs: Sequence[str], approvals: int, from_value: Mapping[str, str] | None
) -> Draft:
    """Set how many others must approve these verbs, in place of rules on any of them; 0: none."""
    others = [one for one in draft.get("rules", []) if not set(one["verbs"]) & set(verbs)]
    rule: dict[str, Any] = {"verbs": list(verbs), "approvals": approvals}
    if from_value is not None:
        rule["from_value"] = dict(from_value)
    return _checked({**_unsigned(draft), "rules": [*others, rule] if approvals else others})


def with_separation(draft: Draft, one: str, other: str) -> Draft:
    """Keep two roles, or two acts, from one person; raises AuthorityFileMalformed."""
    pairs = draft.get("separation", [])
    known = [one, other] in pairs or [other, one] in pairs
    kept = pairs if known else [*pairs, [one, other]]
    return _checked({**_unsigned(draft), "separation": kept})


def with_signature(draft: Draft, signature: Mapping[str, str]) -> Draft:
    """Add one administrator's signature, in place of an earlier one of the same key."""
    others = [
        one for one in draft.get("signatures", []) if one["public_key"] != signature["public_key"]
    ]
    return _checked({**draft, "signatures": [*others, dict(signature)]})


def _row(draft: Draft, name: str) -> dict[str, Any] | None:
    return next((row for row in draft["subjects"] if row["subject"] == name), None)


def _require_row(draft: Draft, name: str) -> dict[str, Any]:
    row = _row(draft, name)
    if row is None:
        raise AuthorityFileMalformed(f"The draft has no subject {name[:128]}.", subject=name[:128])
    return row


def _with_row(draft: Draft, row: dict[str, Any]) -> Draft:
    rows = list(draft["subjects"])
    at = next((n for n, one in enumerate(rows) if one["subject"] == row["subject"]), len(rows))
    rows[at : at + 1] = [row]
    return _checked({**_unsigned(draft), "subjects": rows})


def _unsigned(draft: Draft) -> Draft:
    return {part: value for part, value in draft.items() if part != "signatures"}


def _checked(draft: Draft) -> Draft:
    read(draft)
    return draft
