"""Asks the member's signer, over its local socket; it holds no key and no state."""

import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from identity import errors
from identity.acts.typed import SIGNATURE_BYTES, Act, act_to_json, encode
from identity.companions.companion import Companion
from identity.errors import IdentityError, SignerUnavailable
from identity.signer.asked import Asked
from identity.strict_json import read_json

MAX_ANSWER_BYTES = 512 * 1024


@dataclass(frozen=True)
class SignedAct:
    """An act and what the signer made of it.

    ``digest`` is the 32 bytes that ``key`` (an address, 20 bytes) signed; ``wire`` is the act
    as it is relayed, its last 65 bytes the signature. Under the national profile ``act`` carries
    the hash of ``companion``.
    """

    act: Act
    digest: bytes
    key: bytes
    wire: bytes
    companion: Companion | None = None

    @property
    def signature(self) -> bytes:
        """r ‖ s ‖ v, 65 bytes."""
        return self.wire[-SIGNATURE_BYTES:]


class Signer:
    """The signer that listens at ``path``; safe to use from several threads.

    Every method raises SignerUnavailable when no signer answers within ``timeout_seconds``, and
    otherwise the very error the signer refused with.
    """

    def __init__(self, path: Path, timeout_seconds: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout_seconds

    def sign_act(self, act: Act, asked: Asked | None = None) -> SignedAct:
        """Return the act signed; asking again gives the same bytes, but for an SM2 co-signature.

        Args:
            asked: who asked for it, with approvals; needed where the member has an authority file.

        Raises:
            ActMalformed, PrincipalRefused, VerbRefused, ExpiryRefused, RateExceeded, AskerRefused,
            ApprovalMissing, ApprovalRefused: refused.
            AuditUnavailable: the signer could not write its audit line.
            AuthorityFileUnavailable: its authority file does not count.
        """
        request: dict[str, object] = {"method": "sign_act", "act": act_to_json(act)}
        if asked is not None:
            request["asked"] = asked.to_json()
        return _signed(act, self._ask(request))

    def sign_acts(
        self, acts: Sequence[Act], asked: Sequence[Asked] | None = None
    ) -> list[SignedAct | IdentityError]:
        """Return for each of 1 to 50 acts what ``sign_act`` would return, or raise, for it alone.

        The signer waits once for its disk, not once an act.

        Raises:
            RateExceeded, AuditUnavailable: nothing is signed.
        """
        request: dict[str, object] = {
            "method": "sign_acts",
            "acts": [act_to_json(act) for act in acts],
        }
        if asked is not None:
            request["asked"] = [each.to_json() for each in asked]
        result = self._ask(request)
        answers = result.get("acts")
        if not isinstance(answers, list) or len(answers) != len(acts):
            raise SignerUnavailable("The signer did not answer for every act.")
        return [
            _error(answer["error"]) if "error" in answer else _signed(act, answer["result"])
            for act, answer in zip(acts, answers, strict=True)
        ]

    def describe(self, act: Act) -> str:
        """Return what the signer would write of the act: what it does, in words."""
        return str(self._ask({"method": "describe", "act": act_to_json(act)}).get("says", ""))

    def number(self, bill_number: str) -> bytes:
        """Return the numbering signature of a bill, 384 bytes.

        Raises:
            NumberingRefused: the member has no numbering key.
            BillNumberMalformed, RateExceeded, AuditUnavailable: refused.
        """
        return _bytes(self._ask({"method": "number", "bill_number": bill_number}), "signature")

    def status(self) -> dict[str, Any]:
        """Return the signer's member, key, verbs, network, and whether it numbers bills."""
        return self._ask({"method": "status"})

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        try:
            answer = read_json(self._exchange(json.dumps(request).encode() + b"\n"))
        except (OSError, ValueError) as error:
            raise SignerUnavailable(f"No signer answers at {self._path}.") from error
        if not isinstance(answer, dict) or set(answer) not in ({"result"}, {"error"}):
            raise SignerUnavailable(f"What answers at {self._path} is no signer.")
        if "error" in answer:
            raise _error(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _exchange(self, line: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(self._timeout)
            connection.connect(str(self._path))
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                return answers.readline(MAX_ANSWER_BYTES)


def _signed(act: Act, result: dict[str, Any]) -> SignedAct:
    digest, key, wire = (_bytes(result, name) for name in ("digest", "key", "wire"))
    companion = None
    if "companion" in result:
        companion = Companion.from_json(result["companion"])
        act = Act(act.name, {**act.fields, "companion": companion.hash})
    if wire != encode(act, wire[-SIGNATURE_BYTES:].rjust(SIGNATURE_BYTES, b"\x00")):
        raise SignerUnavailable("The signer answered with another act.")
    return SignedAct(act, digest, key, wire, companion)


def _error(data: Any) -> IdentityError:
    kinds = {
        kind.code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, IdentityError)
    }
    try:
        return kinds[data["code"]](data["message"], **data["facts"])
    except (KeyError, TypeError):
        return SignerUnavailable("The signer answered with an error that is not known here.")


def _bytes(result: dict[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(result[name].removeprefix("0x"))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SignerUnavailable(f"The signer's answer has no {name}.") from error
