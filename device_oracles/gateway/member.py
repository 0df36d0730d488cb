"""The lane's member: its node's API, asked for pickup rights and given signed lane acts."""

from dataclasses import dataclass
from typing import Any, Self

import httpx

from device_oracles.errors import AnswerMalformed, MemberRefused, MemberUnavailable
from device_oracles.gateway.lane import Pickup

ANSWER_SECONDS = 10.0
FINAL_SECONDS = 20


@dataclass(frozen=True)
class Outcome:
    """Where the command of a lane act stands; ``refusal`` is the API's, if it has one."""

    command: str
    state: str
    refusal: dict[str, Any] | None


class MemberApi:
    """A client of one member's API; every call raises MemberUnavailable when nothing answers.

    Args:
        url: the API's address.
        token: a token of this member with the role gate.
        transport: how requests travel; plain HTTP if not given.
    """

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=ANSWER_SECONDS,
            trust_env=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def pickups(self, container: str) -> list[Pickup]:
        """Return the pickup rights of a container here; raises MemberRefused, AnswerMalformed."""
        answer = self._ask("GET", "/v1/pickups", params={"container": container})
        try:
            return [
                Pickup(
                    order=_bytes32(given["order"]),
                    right=_bytes32(given["right"]),
                    salt=_bytes32(given["salt"]),
                    counter=int(given["counter"]),
                    state=str(given["state"]),
                    interchanges=frozenset(given["interchanges"]),
                )
                for given in answer["pickups"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise AnswerMalformed("The answer is not a pickup right.") from error

    def post_lane_act(self, act: str, key: str) -> Outcome:
        """Hand in a signed lane act and wait up to 20 s for its end.

        Args:
            act: the wire form, 0x hex.
            key: the idempotency key; the same key and act have one effect.

        Raises: MemberRefused, AnswerMalformed.
        """
        answer = self._ask(
            "POST",
            "/v1/lane-acts",
            params={"wait": "final", "wait_seconds": FINAL_SECONDS},
            json={"act": act},
            headers={"Idempotency-Key": key},
            timeout=FINAL_SECONDS + ANSWER_SECONDS,
        )
        try:
            return Outcome(str(answer["id"]), str(answer["state"]), answer["refusal"])
        except (KeyError, TypeError) as error:
            raise AnswerMalformed("The answer is not a command.") from error

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, **request)
            answer = response.json()
        except httpx.HTTPError as error:
            raise MemberUnavailable("The member's node does not answer.") from error
        except ValueError as error:
            raise AnswerMalformed("The member's node does not answer in JSON.") from error
        if not isinstance(answer, dict):
            raise AnswerMalformed("The member's node answered no JSON object.")
        if response.is_success:
            return answer
        problem = [str(answer.get(name, "")) for name in ("code", "detail", "what_to_do")]
        if response.status_code >= 500:
            raise MemberUnavailable(f"The member's node answers {problem[0]}: {problem[1]}")
        facts = answer.get("facts")
        raise MemberRefused(*problem, **(facts if isinstance(facts, dict) else {}))


def _bytes32(text: str) -> bytes:
    value = bytes.fromhex(text.removeprefix("0x"))
    if len(value) != 32:
        raise ValueError("not 32 bytes")
    return value
