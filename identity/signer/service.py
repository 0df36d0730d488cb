"""Answers one request to the signer: decode, check, sign, write the audit line, answer.

It never signs a digest that it is given: it computes every digest from the act itself.
"""

import contextlib
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from identity.acts.typed import Act, act_from_json, digest, encode
from identity.acts.wording import describe
from identity.approvals.approval import approval_digest
from identity.authority.loader import Authority
from identity.errors import (
    AskerRefused,
    AuditUnavailable,
    AuthorityFileUnavailable,
    IdentityError,
    KeyMissing,
    NumberingRefused,
    RateExceeded,
    RequestMalformed,
    SettingsUnusable,
)
from identity.keys.keystore import Keystore
from identity.signatures import numbering
from identity.signer.asked import Asked, check_asked
from identity.signer.audit import AuditFile
from identity.signer.national import CoSigner
from identity.signer.rules import TokenBucket, check
from identity.signer.settings import Domains, SignerSettings
from identity.strict_json import read_json

if TYPE_CHECKING:
    from identity.keys.secp256k1 import SigningKey
    from identity.keys.token import Token, TokenSigningKey

MAX_LINE_BYTES = 512 * 1024
MAX_ACTS = 50
NUMBERING_KEY = "numbering"


class Service:
    """A member's signer without its socket."""

    def __init__(
        self,
        settings: SignerSettings,
        keystore: "Keystore | Token",
        audit: AuditFile,
        national: Keystore | None = None,
    ) -> None:
        """Take what was opened; ``national`` has the SM2 key where a token has the others."""
        self._settings = settings
        self._audit = audit
        self._domains = Domains(settings)
        self._keys = [(begins, keystore.signing_key(name)) for name, begins in settings.act_keys]
        self._numbering_key: numbering.NumberingKey | None = None
        with contextlib.suppress(KeyMissing):
            self._numbering_key = keystore.rsa_key(NUMBERING_KEY)
        store = keystore if isinstance(keystore, Keystore) else national
        if settings.national and store is None:
            raise SettingsUnusable("The national profile needs a key store with the SM2 key.")
        self._national = CoSigner(settings, store) if settings.national and store else None
        member = _hex(settings.member)
        self._authority = Authority(
            settings.authority_file, member, settings.authority, settings.authority_number
        )
        self._bucket = TokenBucket(settings.rate_per_second, settings.burst, time.monotonic())
        # Each takes these, and may take those.
        self._methods: dict[str, tuple[set[str], set[str], Callable[..., dict[str, object]]]] = {
            "sign_act": ({"act"}, {"asked"}, self._sign_act),
            "sign_acts": ({"acts"}, {"asked"}, self._sign_acts),
            "describe": ({"act"}, set(), self._describe),
            "number": ({"bill_number"}, set(), self._number),
            "status": (set(), set(), self._status),
        }

    def answer(self, line: bytes) -> bytes:
        """Return the answer to one line, itself one line: ``{"result": …}`` or ``{"error": …}``."""
        try:
            return json.dumps({"result": self._result(line)}).encode() + b"\n"
        except IdentityError as error:
            return self.refuse(error)

    def refuse(self, error: IdentityError) -> bytes:
        """Note a refusal in the audit file and return it as an answer's line."""
        # Nothing was signed, so an answer without its line gives nothing away; and who asks too
        # often must not fill the disk with refusals.
        if not isinstance(error, RateExceeded):
            with contextlib.suppress(AuditUnavailable):
                self._audit.append("refused", code=error.code, facts=error.facts)
        return json.dumps({"error": error_to_json(error)}).encode() + b"\n"

    def _result(self, line: bytes) -> dict[str, object]:
        self._bucket.take(time.monotonic())
        request = _parse(line)
        method = request.pop("method", None)
        if not isinstance(method, str) or method not in self._methods:
            raise RequestMalformed("The request names no method that the signer knows.")
        names, more, answer = self._methods[method]
        if not names <= set(request) <= names | more:
            takes = ", ".join(sorted(names | more)) or "nothing"
            raise RequestMalformed(f"{method} takes {takes}.")
        return answer(**request)

    def _sign_act(self, act: object, asked: object = None) -> dict[str, object]:
        signed, line = self._signed(act, asked)
        self._audit.append("signed", **line)
        return signed

    def _sign_acts(self, acts: object, asked: object = None) -> dict[str, object]:
        """Sign each act that may be signed; one refused hurts no other; the audit has one wait."""
        if not isinstance(acts, list) or not 1 <= len(acts) <= MAX_ACTS:
            raise RequestMalformed(f"acts is not a list of 1 to {MAX_ACTS}.")
        askers = [None] * len(acts) if asked is None else asked
        if not isinstance(askers, list) or len(askers) != len(acts):
            raise RequestMalformed("asked is not a list with one for each act.")
        answers: list[dict[str, object]] = []
        lines: list[tuple[str, dict[str, object]]] = []
        for place, (act, asker) in enumerate(zip(acts, askers, strict=True)):
            try:
                if place:  # the request itself has taken one
                    self._bucket.take(time.monotonic())
                signed, line = self._signed(act, asker)
            except IdentityError as error:
                answers.append({"error": error_to_json(error)})
                if not isinstance(error, RateExceeded):
                    lines.append(("refused", {"code": error.code, "facts": error.facts}))
            else:
                answers.append({"result": signed})
                lines.append(("signed", line))
        self._audit.append_all(lines)
        return {"acts": answers}

    def _signed(self, act: object, by: object) -> tuple[dict[str, object], dict[str, object]]:
        """Return the answer and the audit line's facts, which is to be written before."""
        typed = act_from_json(act)
        now = int(time.time())
        check(self._settings, typed, now)
        asked = None if by is None else Asked.from_json(by)
        self._check_asked(typed, asked, now)
        domain, companion = self._domains.current()[typed.type.contract], None
        if self._national is not None:
            typed, companion = self._national(typed, domain, now)
        hashed = digest(domain, typed)
        key = self._key(now)
        wire = encode(typed, key.sign(hashed))
        line: dict[str, object] = {
            "verb": typed.name,
            "digest": _hex(hashed),
            "says": describe(typed),
            "asked_by": None if asked is None else asked.subject,
            "approved_by": [] if asked is None else [each.subject for each in asked.approvals],
        }
        signed: dict[str, object] = {
            "digest": _hex(hashed),
            "key": _hex(key.address),
            "wire": _hex(wire),
        }
        if companion is not None:
            signed["companion"] = companion.to_json()
            line["companion"] = _hex(companion.hash)
        return signed, line

    def _key(self, now: int) -> "SigningKey | TokenSigningKey":
        """The key that signs at ``now``: the latest that has begun, or the first of all."""
        begun = [key for begins, key in self._keys if begins <= now]
        return begun[-1] if begun else self._keys[0][1]

    def _check_asked(self, act: Act, asked: Asked | None, now: int) -> None:
        """By the authority file, if the member has one: without it there is nothing to check by."""
        file = self._authority.current()
        if file is None:
            return
        if asked is None:
            raise AskerRefused("The node did not say who asked.", reason="NOBODY_ASKED")
        domain = self._domains.current()[act.type.contract]
        check_asked(file, act, approval_digest(domain, act), asked, now)

    def _describe(self, act: object) -> dict[str, object]:
        """Say what an act does, in words, without signing it."""
        typed = act_from_json(act)
        if typed.type.contract not in self._domains.current():
            raise RequestMalformed("network.json does not name the act's contract.")
        hashed = digest(self._domains.current()[typed.type.contract], typed)
        return {"digest": _hex(hashed), "says": describe(typed)}

    def _number(self, bill_number: object) -> dict[str, object]:
        if self._numbering_key is None:
            raise NumberingRefused("This member has no numbering key.")
        if not isinstance(bill_number, str):
            raise RequestMalformed("bill_number is not a string.")
        signature = numbering.number(self._numbering_key, self._settings.member, bill_number)
        tag = _hex(numbering.tag(signature))
        self._audit.append("numbered", tag=tag)
        return {"signature": _hex(signature), "tag": tag}

    def _status(self) -> dict[str, object]:
        try:
            file = self._authority.current()
            authority: object = None if file is None else file.number
        except AuthorityFileUnavailable as error:
            authority = error.message
        domain = next(iter(self._domains.current().values()))
        return {
            "member": _hex(self._settings.member),
            "key": _hex(self._key(int(time.time())).address),
            "verbs": sorted(self._settings.verbs),
            "chain_id": domain.chain_id,
            "network_id": _hex(domain.network_id),
            "national": self._national is not None,
            "numbers_bills": self._numbering_key is not None,
            "max_ttl_seconds": self._settings.max_ttl_seconds,
            "authority": authority,
            "audit_head": self._audit.head,
        }


def error_to_json(error: IdentityError) -> dict[str, object]:
    """Return the error as every door shows it: code, message, what_to_do, facts."""
    return {
        "code": error.code,
        "message": error.message,
        "what_to_do": error.what_to_do,
        "facts": error.facts,
    }


def _parse(line: bytes) -> dict[str, Any]:
    try:
        request = read_json(line)
    except ValueError as error:
        raise RequestMalformed("The line is not one JSON object.") from error
    if not isinstance(request, dict):
        raise RequestMalformed("The line is not one JSON object.")
    return request


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
