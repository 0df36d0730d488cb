"""Asks a ledger over JSON-RPC 2.0: single calls, batches, bounded answers.

It knows no contract and holds no key. No answer and an unusable answer are LedgerUnavailable (try
later); an answer that says no is RpcRefused (do not). One object may be used by several threads.
"""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Any, Protocol

import httpx

from node.chain.errors import LedgerSlow, RpcRefused
from node.errors import LedgerUnavailable
from node.metrics import ledger_faults

ANSWER_BYTES_LIMIT = 64 * 1024 * 1024
BATCH_LIMIT = 100

Request = tuple[str, list[Any]]
Answer = Any | RpcRefused


class Ledger(Protocol):
    """What the rest of node asks a ledger through."""

    def call(self, method: str, *params: Any) -> Any:
        """Return the method's result."""

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """Return one result, or one refusal that is not raised, for each request, in order."""


class Rpc:
    """One ledger's JSON-RPC door.

    Args:
        url: ``http://…`` or ``https://…``.
        timeout_seconds: for connecting and for each silence while the answer comes.
    """

    def __init__(self, url: str, timeout_seconds: float = 20.0) -> None:
        self.url = url
        self._client = httpx.Client(timeout=timeout_seconds, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, *params: Any) -> Any:
        """Return the result of ``method``.

        Raises:
            RpcRefused: the ledger answered with an error.
            LedgerUnavailable: it did not answer, or not in JSON-RPC.
        """
        answer = _read(self._post(_request(0, method, list(params))), 0)
        if isinstance(answer, RpcRefused):
            raise answer
        return answer

    def batch(self, requests: Sequence[Request]) -> list[Answer]:
        """Return each request's result, or its RpcRefused, in the order asked.

        More than ``BATCH_LIMIT`` requests go in several batches.

        Raises:
            LedgerUnavailable: as for ``call``; nothing is returned then.
        """
        answers: list[Answer] = []
        waiting = iter(requests)
        while part := list(islice(waiting, BATCH_LIMIT)):
            answers += self._batch(part)
        return answers

    def _batch(self, requests: Sequence[Request]) -> list[Answer]:
        body = [_request(i, method, params) for i, (method, params) in enumerate(requests)]
        got = self._post(body)
        if isinstance(got, dict) and "error" in got:
            raise _refusal(got["error"])
        if not isinstance(got, list):
            raise LedgerUnavailable("The ledger answered a batch with something else.")
        by_id = {item.get("id"): item for item in got if isinstance(item, dict)}
        return [_read(by_id.get(i), i) for i in range(len(requests))]

    def _post(self, body: object) -> Any:
        received = bytearray()
        try:
            with self._client.stream("POST", self.url, json=body) as response:
                for chunk in response.iter_bytes():
                    received += chunk
                    if len(received) > ANSWER_BYTES_LIMIT:
                        raise RpcRefused("The ledger's answer is too large.", -32005)
                status = response.status_code
        except httpx.TimeoutException as error:
            ledger_faults.labels("slow").inc()
            raise LedgerSlow(f"The ledger at {self.url} does not answer in time.") from error
        except httpx.HTTPError as error:
            ledger_faults.labels("down").inc()
            raise LedgerUnavailable(f"The ledger at {self.url} does not answer: {error}") from error
        try:
            return json.loads(received)
        except (ValueError, RecursionError) as error:
            ledger_faults.labels("nonsense").inc()
            raise LedgerUnavailable(
                f"The ledger at {self.url} answered with HTTP {status} and no JSON."
            ) from error


def quantity(value: int) -> str:
    """Return ``value`` as JSON-RPC writes numbers: hex, no leading zero."""
    return hex(value)


def data(value: bytes) -> str:
    """Return ``value`` as JSON-RPC writes bytes."""
    return "0x" + value.hex()


def read_bytes(text: str) -> bytes:
    """Return the bytes of ``0x…``."""
    return bytes.fromhex(text[2:])


def read_call(ledger: Ledger, to: bytes, calldata: bytes, block: str = "latest") -> bytes:
    """Return what contract ``to`` answers to ``calldata`` in the state after ``block``."""
    got = ledger.call("eth_call", {"to": data(to), "data": data(calldata)}, block)
    return read_bytes(got)


def _request(number: int, method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def _read(answer: Any, number: int) -> Answer:
    if not isinstance(answer, dict) or answer.get("id") != number:
        if isinstance(answer, dict) and "error" in answer:
            return _refusal(answer["error"])
        raise LedgerUnavailable("The ledger's answer is not the one to this request.")
    if "error" in answer:
        return _refusal(answer["error"])
    if "result" not in answer:
        raise LedgerUnavailable("The ledger's answer has neither result nor error.")
    return answer["result"]


def _refusal(error: Any) -> RpcRefused:
    if not isinstance(error, dict):
        return RpcRefused("The ledger refuses without a reason.", 0)
    attached = error.get("data")
    try:
        revert = bytes.fromhex(attached[2:]) if isinstance(attached, str) else b""
    except ValueError:
        revert = b""
    code = error.get("code")
    message = str(error.get("message", ""))[:500]
    return RpcRefused(message, code if isinstance(code, int) else 0, revert)
