"""One approval: its form, what is signed, and whether it counts; the node and the signer ask alike.

An approver signs the act's digest, until when the approval counts, and the terms that were shown:
who asked, the value, the ports. So nobody can put it under another act, under the same act with
another expiry, or under what another person asked for.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from identity.acts.typed import ZERO_WORD, Act, Domain, digest
from identity.acts.words import Capacity
from identity.approvals.passkey import asserted
from identity.authority.file import ApprovalKey, AuthorityFile, money
from identity.errors import ApprovalMalformed, ApprovalRefused, AuthorityFileMalformed
from identity.policy.decide import decide_approval
from identity.policy.mandate import PLEDGE, TAKE_PLEDGE, Money, Terms
from identity.signatures.person import verify_by

_PREFIX = b"lading/approval/1\x00"
_FIELDS = {"subject", "kind", "expires", "terms", "proof"}
_TERMS = {"asked_by", "operation", "ports", "value", "stated"}
_PROOFS = {
    "certificate": {"signature"},
    "passkey": {"credential", "authenticator_data", "client_data", "signature"},
}
MAX_PROOF_CHARACTERS = 8192


@dataclass(frozen=True)
class Approval:
    """An approval as it was given.

    Attributes:
        subject: the approver.
        kind: ``certificate`` or ``passkey``.
        expires: UTC seconds after which it no longer counts.
        terms: what the approver was shown besides the act; JSON.
        proof: the signature, or the passkey's assertion; ``0x`` hex.
    """

    subject: str
    kind: str
    expires: int
    terms: Mapping[str, Any]
    proof: Mapping[str, str]

    @staticmethod
    def from_json(given: object) -> "Approval":
        """Read what ``to_json`` wrote; raises ApprovalMalformed."""
        if not isinstance(given, dict) or set(given) != _FIELDS:
            raise ApprovalMalformed("An approval has other fields than it should.")
        expires, kind, proof, terms = (given[n] for n in ("expires", "kind", "proof", "terms"))
        if isinstance(expires, bool) or not isinstance(expires, int) or not 0 < expires < 2**40:
            raise ApprovalMalformed("An approval's expiry is not a time.")
        if (
            not isinstance(kind, str)
            or kind not in _PROOFS
            or not isinstance(given["subject"], str)
        ):
            raise ApprovalMalformed("An approval's kind or subject is unknown.")
        if not isinstance(proof, dict) or set(proof) != _PROOFS[kind]:
            raise ApprovalMalformed("An approval's proof has other fields than it should.")
        for value in proof.values():
            _hex(value)
        read_terms(terms, 0)
        return Approval(given["subject"], kind, expires, terms, proof)

    def to_json(self) -> dict[str, Any]:
        """Return the approval as JSON."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            "expires": self.expires,
            "terms": dict(self.terms),
            "proof": dict(self.proof),
        }


def approval_digest(domain: Domain, act: Act) -> bytes:
    """Return the 32 bytes that stand for an act in an approval: its digest with companion 0.

    The national profile sets the companion when it signs, after the approval.
    """
    return digest(domain, Act(act.name, {**act.fields, "companion": ZERO_WORD}))


def challenge(digest: bytes, expires: int, terms: Mapping[str, Any]) -> bytes:
    """Return what the approver signs, 32 bytes.

    SHA-256 of ``lading/approval/1`` ‖ 0x00 ‖ digest (32 bytes) ‖ expires (8, big-endian) ‖ SHA-256
    of the terms in RFC 8785's form. Raises: ApprovalMalformed.
    """
    try:
        shown = hashlib.sha256(rfc8785.dumps(dict(terms))).digest()
    except rfc8785.CanonicalizationError as error:
        raise ApprovalMalformed("An approval's terms have no canonical form.") from error
    return hashlib.sha256(_PREFIX + digest + expires.to_bytes(8, "big") + shown).digest()


def check_approval(
    file: AuthorityFile, act: Act, digest: bytes, asker: str, approval: Approval, now: int
) -> None:
    """Return if the approval counts for this act at ``now`` (UTC seconds).

    1. It has not expired. 2. The terms are of this act and this asker. 3. The approver is another
    person whom the file names, with role and limit. 4. One of its keys that still count made it.

    Raises: ApprovalRefused; its code says no more, the facts' ``reason`` is for the log.
    """
    subject = file.subjects.get(approval.subject)
    if approval.expires < now:
        raise _refused("EXPIRED", approval)
    if approval.terms["asked_by"] != asker or approval.terms["operation"] not in operations(act):
        raise _refused("OTHER_TERMS", approval)
    if subject is None or subject.kind != "person":
        raise _refused("NOT_A_PERSON_OF_THE_FILE", approval)
    terms = read_terms(approval.terms, now)
    decision = decide_approval(file.actor(subject.subject), act.name, terms, asker)
    if not decision.allowed:
        raise _refused(decision.code, approval)
    signed = challenge(digest, approval.expires, approval.terms)
    keys = [k for k in subject.approval_keys if k.until is None or now <= k.until]
    if not any(_made_by(key, approval, signed) for key in keys):
        raise _refused("NO_KEY_MADE_IT", approval)


def operations(act: Act) -> frozenset[str]:
    """Return what limits may call this act; an acceptance does not say what it accepts."""
    if act.name == "Offer":
        return frozenset({PLEDGE if act.fields["capacity"] == Capacity.PLEDGEE else act.name})
    return frozenset({act.name, TAKE_PLEDGE} if act.name == "Accept" else {act.name})


def read_terms(given: object, at: int) -> Terms:
    """Return the terms of an approval, as the policy takes them; raises ApprovalMalformed."""
    if not isinstance(given, dict) or set(given) != _TERMS:
        raise ApprovalMalformed("An approval's terms have other fields than they should.")
    ports = given["ports"]
    if not isinstance(given["asked_by"], str) or not isinstance(given["operation"], str):
        raise ApprovalMalformed("An approval's terms name no asker or no operation.")
    if ports is not None and not (
        isinstance(ports, list) and all(isinstance(port, str) for port in ports)
    ):
        raise ApprovalMalformed("An approval's terms have ports that are none.")
    return Terms(
        given["operation"],
        at,
        None if ports is None else frozenset(ports),
        _money(given["value"]),
        _money(given["stated"]),
    )


def _made_by(key: ApprovalKey, approval: Approval, signed: bytes) -> bool:
    if key.kind != approval.kind:
        return False
    proof = {name: _hex(value) for name, value in approval.proof.items()}
    if key.kind == "passkey":
        return asserted(key, proof, signed)
    return verify_by(key.algorithm, key.public_key, signed, proof["signature"])


def _money(given: object) -> Money | None:
    try:
        return None if given is None else money(given)
    except AuthorityFileMalformed as error:
        raise ApprovalMalformed("An approval's terms have a value that is none.") from error


def _hex(value: object) -> bytes:
    try:
        if not isinstance(value, str) or len(value) > MAX_PROOF_CHARACTERS or value[:2] != "0x":
            raise ValueError("not 0x hex")
        return bytes.fromhex(value[2:])
    except ValueError as error:
        raise ApprovalMalformed("An approval's proof is not 0x hex.") from error


def _refused(reason: str, approval: Approval) -> ApprovalRefused:
    return ApprovalRefused(
        "The approval does not count.", reason=reason, approver=approval.subject[:128]
    )
