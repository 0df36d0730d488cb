"""``authority.json`` read: subjects with roles and limits, rules for approvals, duties apart.

It refuses every field it does not know, so that no rule is overlooked because it was misspelt.
docs/protocol/authority.md gives the format. Signatures are ``identity.authority.signing``'s.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from identity.acts.types import ACT_TYPES
from identity.errors import AuthorityFileMalformed
from identity.policy.decide import ROLES, Actor
from identity.policy.mandate import PLEDGE, TAKE_PLEDGE, ApprovalRule, Limit, Mandate, Money
from identity.signatures.person import ALGORITHMS
from identity.strict_json import read_json

FORMAT = 1
MAX_FILE_BYTES = 32 * 1024 * 1024
KINDS = ("person", "service", "device")

APPROVABLE = frozenset(n for n, t in ACT_TYPES.items() if t.signer in ("member", "authority"))
OPERATIONS = APPROVABLE | {PLEDGE, TAKE_PLEDGE}

_SUBJECT = re.compile(r"[\x21-\x7e]{1,128}")
_PORT = re.compile(r"[A-Z]{2}[A-Z2-9]{3}")
_HEX = re.compile(r"0x([0-9a-f]{2}){1,2048}")
T = TypeVar("T")


@dataclass(frozen=True)
class Administrator:
    """Who may sign the file: a name, and a public key as SubjectPublicKeyInfo (DER)."""

    subject: str
    algorithm: str
    public_key: bytes


@dataclass(frozen=True)
class ApprovalKey:
    """What a subject approves with.

    Attributes:
        kind: ``certificate`` (a key of the subject's certificate) or ``passkey``.
        algorithm: of a certificate's key.
        public_key: SubjectPublicKeyInfo (DER), of a passkey the COSE key (RFC 9052).
        credential: the passkey's credential id.
        rp, origin: the passkey's relying party and the page it was made at.
        until: UTC seconds after which it no longer counts; None: for good.
    """

    kind: str
    public_key: bytes
    algorithm: str = ""
    credential: bytes = b""
    rp: str = ""
    origin: str = ""
    until: int | None = None


@dataclass(frozen=True)
class Subject:
    """One person, service or device and what it may do."""

    subject: str
    kind: str
    roles: frozenset[str]
    mandate: Mandate
    approval_keys: tuple[ApprovalKey, ...] = ()


@dataclass(frozen=True)
class AuthorityFile:
    """One number of a member's authority file; its signatures are checked before it is used.

    Attributes:
        number: rises by one with every change.
        threshold: how many administrators must sign.
        rules: by operation, for everybody.
        content: the JSON without signatures; ``signatures`` as given.
    """

    member: str
    number: int
    administrators: tuple[Administrator, ...]
    threshold: int
    subjects: Mapping[str, Subject]
    rules: Mapping[str, tuple[ApprovalRule, ...]]
    content: Mapping[str, Any] = field(repr=False)
    signatures: tuple[Mapping[str, Any], ...] = field(repr=False, default=())

    def actor(self, subject: str) -> Actor:
        """Return the subject as the policy judges it; one that is not named has no role."""
        found = self.subjects.get(subject)
        if found is None:
            return Actor(self.member, subject, frozenset(), Mandate(rules=self.rules))
        return Actor(self.member, subject, found.roles, found.mandate)


def parse(data: bytes, before: AuthorityFile | None = None) -> AuthorityFile:
    """Read a file strictly; checks no signature.

    Args:
        before: an earlier file, whose subjects are kept where nothing about them has changed: of
            ten thousand one was revoked, and others wait for it.

    Raises:
        AuthorityFileMalformed: not this format; the sentence names the place.
    """
    try:
        given = read_json(data)
    except ValueError as error:
        raise AuthorityFileMalformed("The authority file is not JSON.") from error
    return read(given, before)


def read(given: object, before: AuthorityFile | None = None) -> AuthorityFile:
    """Return the file that this JSON value is, as ``parse`` does; raises AuthorityFileMalformed."""
    top = _object(
        given, "the file",
        {"authority", "member", "number", "administrators", "threshold", "subjects"},
        {"rules", "separation", "signatures"},
    )  # fmt: skip
    if top["authority"] != FORMAT:
        raise _wrong("authority")
    if not isinstance(top["member"], str) or not re.fullmatch("0x[0-9a-f]{64}", top["member"]):
        raise _wrong("member")
    administrators = _list(top["administrators"], "administrators", _administrator)
    threshold = _whole(top["threshold"], "threshold")
    if not 1 <= threshold <= len(administrators) or _twice(a.public_key for a in administrators):
        raise _wrong("threshold")
    rules = _by_operation(_list(top.get("rules", []), "rules", _rule))
    pairs = _list(top.get("separation", []), "separation", _pair)
    apart = _apart(pairs)
    shared = (MappingProxyType(rules), MappingProxyType(apart))
    known = _unchanged(before, top)
    subjects = _list(
        top["subjects"], "subjects", lambda one: _known(one, known) or _subject(one, pairs, *shared)
    )
    if _twice(one.subject for one in subjects):
        raise AuthorityFileMalformed("A subject stands twice in the authority file.")
    return AuthorityFile(
        member=top["member"],
        number=_whole(top["number"], "number"),
        administrators=tuple(administrators),
        threshold=threshold,
        subjects={one.subject: one for one in subjects},
        rules=shared[0],
        content={name: value for name, value in top.items() if name != "signatures"},
        signatures=tuple(_list(top.get("signatures", []), "signatures", _signature)),
    )


def _unchanged(
    before: AuthorityFile | None, top: Mapping[str, Any]
) -> Mapping[str, tuple[object, Subject]]:
    """Return the rows and subjects of an earlier file, if what bears on all of them is the same."""
    if before is None or any(
        before.content.get(part, []) != top.get(part, []) for part in ("rules", "separation")
    ):
        return {}
    rows = before.content["subjects"]
    return {row["subject"]: (row, before.subjects[row["subject"]]) for row in rows}


def _known(given: object, known: Mapping[str, tuple[object, Subject]]) -> Subject | None:
    name = given.get("subject") if isinstance(given, dict) else None
    row, found = known.get(name, (None, None)) if isinstance(name, str) else (None, None)
    # 1 and True are the same to Python, and not in JSON.
    return found if row == given and repr(row) == repr(given) else None


def _administrator(given: object) -> Administrator:
    row = _object(given, "an administrator", {"subject", "algorithm", "public_key"})
    if row["algorithm"] not in ALGORITHMS:
        raise _wrong("an administrator's algorithm")
    key = _bytes(row["public_key"], "an administrator's public_key")
    return Administrator(_name(row["subject"]), row["algorithm"], key)


def _signature(given: object) -> Mapping[str, Any]:
    row = _object(given, "a signature", {"public_key", "signature"})
    _bytes(row["public_key"], "a signature's public_key")
    _bytes(row["signature"], "a signature's signature")
    return row


def _subject(
    given: object,
    pairs: Iterable[tuple[str, str]],
    rules: Mapping[str, tuple[ApprovalRule, ...]],
    apart: Mapping[str, frozenset[str]],
) -> Subject:
    row = _object(
        given, "a subject", {"subject", "kind", "roles"}, {"limits", "approval_keys", "suspended"}
    )
    name = _name(row["subject"])
    roles = frozenset(_words(row["roles"], ROLES, f"the roles of {name}"))
    if row["kind"] not in KINDS or not isinstance(row.get("suspended", False), bool):
        raise _wrong(f"kind or suspended of {name}")
    for one, other in pairs:
        if {one, other} <= roles:
            raise AuthorityFileMalformed(
                f"{name} has two roles that are kept apart: {one}, {other}."
            )
    limits: dict[str, tuple[Limit, ...]] = {}
    for limit in _list(row.get("limits", []), f"the limits of {name}", _limit):
        for verb in limit.verbs:
            limits[verb] = (*limits.get(verb, ()), limit)
    mandate = Mandate(limits, rules, apart, row.get("suspended", False))
    keys = tuple(_list(row.get("approval_keys", []), f"the approval keys of {name}", _key))
    return Subject(name, row["kind"], roles, mandate, keys)


def _limit(given: object) -> Limit:
    row = _object(given, "a limit", {"verbs"}, {"ports", "max_value", "until"})
    ports = row.get("ports")
    if ports is not None:
        ports = frozenset(_list(ports, "ports", _port))
    value = row.get("max_value")
    return Limit(
        frozenset(_words(row["verbs"], OPERATIONS, "a limit's verbs")),
        ports,
        None if value is None else money(value),
        None if row.get("until") is None else _whole(row["until"], "until"),
    )


def _rule(given: object) -> tuple[tuple[str, ...], ApprovalRule]:
    """TakePledge is refused: an act of acceptance does not say what it accepts."""
    row = _object(given, "a rule", {"verbs", "approvals"}, {"from_value"})
    verbs = _words(row["verbs"], APPROVABLE | {PLEDGE}, "a rule's verbs")
    approvals = _whole(row["approvals"], "approvals")
    if not 1 <= approvals <= 8:
        raise _wrong("approvals")
    value = row.get("from_value")
    return tuple(verbs), ApprovalRule(approvals, None if value is None else money(value))


def _pair(given: object) -> tuple[str, str]:
    """Two roles, or two acts; never one of each."""
    if not isinstance(given, list) or len(given) != 2 or given[0] == given[1]:
        raise _wrong("separation")
    for words in (ROLES, APPROVABLE):
        if all(isinstance(one, str) and one in words for one in given):
            return given[0], given[1]
    raise _wrong("separation")


def _apart(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one, other in pairs:
        if one in APPROVABLE:
            found[one] = found.get(one, frozenset()) | {other}
            found[other] = found.get(other, frozenset()) | {one}
    return found


def _by_operation(
    rules: Iterable[tuple[tuple[str, ...], ApprovalRule]],
) -> dict[str, tuple[ApprovalRule, ...]]:
    found: dict[str, tuple[ApprovalRule, ...]] = {}
    for verbs, rule in rules:
        for verb in verbs:
            found[verb] = (*found.get(verb, ()), rule)
    return found


def _key(given: object) -> ApprovalKey:
    kind = given.get("kind") if isinstance(given, dict) else None
    own = {"certificate": {"algorithm"}, "passkey": {"credential", "rp", "origin"}}
    if kind not in own:
        raise _wrong("an approval key's kind")
    row = _object(given, "an approval key", {"kind", "public_key"} | own[kind], {"until"})
    if kind == "certificate" and row["algorithm"] not in ALGORITHMS:
        raise _wrong("an approval key's algorithm")
    return ApprovalKey(
        kind=kind,
        public_key=_bytes(row["public_key"], "an approval key's public_key"),
        algorithm=row.get("algorithm", ""),
        credential=_bytes(row["credential"], "credential") if kind == "passkey" else b"",
        rp=_name(row["rp"]) if kind == "passkey" else "",
        origin=_name(row["origin"]) if kind == "passkey" else "",
        until=None if row.get("until") is None else _whole(row["until"], "until"),
    )


def money(given: object) -> Money:
    """Return ``{"amount": "10.00", "currency": "USD"}`` as money; raises AuthorityFileMalformed."""
    row = _object(given, "a value", {"amount", "currency"})
    if not isinstance(row["amount"], str) or not isinstance(row["currency"], str):
        raise _wrong("a value's amount or currency")
    try:
        return Money.of(row["amount"], row["currency"])
    except ValueError as error:
        raise _wrong("a value's amount or currency") from error


def _object(
    given: object, what: str, required: set[str], optional: Iterable[str] = ()
) -> dict[str, Any]:
    if not isinstance(given, dict) or not required <= set(given) <= required | set(optional):
        raise AuthorityFileMalformed(
            f"In the authority file, {what} has other fields than it should."
        )
    return given


def _list(given: object, what: str, read_one: Callable[[object], T]) -> list[T]:
    if not isinstance(given, list):
        raise _wrong(what)
    return [read_one(one) for one in given]


def _words(given: object, known: frozenset[str], what: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(w, str) and w in known for w in given):
        raise _wrong(what)
    return given


def _name(given: object) -> str:
    if not isinstance(given, str) or not _SUBJECT.fullmatch(given):
        raise _wrong("a subject's name")
    return given


def _port(given: object) -> str:
    if not isinstance(given, str) or not _PORT.fullmatch(given):
        raise _wrong("ports")
    return given


def _whole(given: object, what: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**40:
        raise _wrong(what)
    return given


def _bytes(given: object, what: str) -> bytes:
    if not isinstance(given, str) or not _HEX.fullmatch(given):
        raise _wrong(what)
    return bytes.fromhex(given[2:])


def _twice(values: Iterable[object]) -> bool:
    seen = list(values)
    return len(set(seen)) < len(seen)


def _wrong(what: str) -> AuthorityFileMalformed:
    return AuthorityFileMalformed(f"In the authority file, this is not as it should be: {what}.")
