"""A thin client of one member's API: LADING_API is its address, LADING_TOKEN the caller's token."""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from api.cli.errors import CliError, MemberRefused, NotAnswered, RequestWrong, UsageInvalid

API_VARIABLE, TOKEN_VARIABLE = "LADING_API", "LADING_TOKEN"
ANSWER_SECONDS = 30.0
FILE_SECONDS = 600.0
WRONG_REQUEST = (400, 405, 408, 413, 415, 422)


class Member:
    """The member whose API the environment names; raises UsageInvalid when it names none."""

    def __init__(self) -> None:
        url, token = (os.environ.get(name, "") for name in (API_VARIABLE, TOKEN_VARIABLE))
        if not url or not token:
            raise UsageInvalid(
                "CLIENT_NOT_SET_UP",
                f"{API_VARIABLE} or {TOKEN_VARIABLE} is not set.",
                f"Set {API_VARIABLE} to a member's API address and {TOKEN_VARIABLE} to your token.",
            )
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    def _client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self._url, headers=self._headers, timeout=ANSWER_SECONDS, trust_env=False
        )

    def read(self, path: str, **query: Any) -> Any:
        """Return the JSON at ``path``.

        Raises: MemberRefused, RequestWrong, NotAnswered.
        """
        return self._ask("GET", path, params=query)

    def write(self, path: str, body: dict[str, Any], key: str, wait_seconds: int) -> Any:
        """Send a write under an idempotency key; wait so long (0: not) for its end.

        Raises: MemberRefused, RequestWrong, NotAnswered.
        """
        query = {"wait": "final", "wait_seconds": wait_seconds} if wait_seconds else {}
        return self._ask(
            "POST",
            path,
            params=query,
            json=body,
            headers={"Idempotency-Key": key},
            timeout=ANSWER_SECONDS + wait_seconds,
        )

    def call(self, path: str, body: dict[str, Any], seconds: float) -> Any:
        """Ask for something that no command stands for, and that may take so many seconds.

        Raises: MemberRefused, RequestWrong, NotAnswered.
        """
        return self._ask("POST", path, json=body, timeout=seconds)

    def upload(self, path: str, file: Path, query: dict[str, str], key: str, kind: str) -> Any:
        """Hand in a file, read as it is sent, under an idempotency key and a media type.

        Raises: UsageInvalid (it cannot be read), MemberRefused, RequestWrong, NotAnswered.
        """
        try:
            with file.open("rb") as content:
                return self._ask(
                    "POST",
                    path,
                    params=query,
                    content=content,
                    headers={"Idempotency-Key": key, "Content-Type": kind},
                    timeout=FILE_SECONDS,
                )
        except OSError as error:
            raise _unreadable(file) from error

    def download(self, path: str, file: Path) -> int:
        """Fetch a file into a new ``file`` and return its bytes; what is not whole is removed.

        Raises: UsageInvalid (it exists, or cannot be written), MemberRefused, RequestWrong,
            NotAnswered.
        """
        try:
            with file.open("xb") as content:
                try:
                    return self._fetch(path, content)
                except BaseException:
                    file.unlink()
                    raise
        except FileExistsError as error:
            raise UsageInvalid(
                "FILE_EXISTS", f"{file} exists already.", "Give another --out; nothing was written."
            ) from error
        except OSError as error:
            raise _unreadable(file) from error

    def _fetch(self, path: str, content: BinaryIO) -> int:
        digest, size = sha256(), 0
        try:
            with (
                self._client() as client,
                client.stream("GET", path, timeout=FILE_SECONDS) as response,
            ):
                if not response.is_success:
                    response.read()
                    raise _refusal(response.status_code, _object(response))
                for piece in response.iter_bytes():
                    digest.update(piece)
                    size += content.write(piece)
                told = response.headers.get("repr-digest", "")
        except httpx.HTTPError as error:
            raise _silent("The file was cut off.") from error
        if told != f"sha-256=:{b64encode(digest.digest()).decode()}:":
            raise _silent("The file is not the one that the member announced.")
        return size

    def events(self, query: dict[str, Any], after: int | None) -> Iterator[tuple[int, Any]]:
        """Yield position and event from the stream until it ends; None for a sign of life.

        Raises: MemberRefused, RequestWrong, NotAnswered.
        """
        given = query if after is None else query | {"after": after}
        try:
            with (
                self._client() as client,
                client.stream("GET", "/v1/events/stream", params=given) as response,
            ):
                if not response.is_success:
                    response.read()
                    raise _refusal(response.status_code, _object(response))
                yield from _messages(response.iter_lines())
        except (httpx.HTTPError, ValueError) as error:
            raise _silent("The stream of the member's API was cut off.") from error

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        try:
            with self._client() as client:
                response = client.request(method, path, **request)
            answer = response.json()
        except httpx.HTTPError as error:
            raise _silent("The member's API does not answer.") from error
        except ValueError as error:
            raise _silent("The member's API does not answer in JSON.") from error
        if response.is_success:
            return answer
        raise _refusal(response.status_code, answer if isinstance(answer, dict) else {})


def _messages(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """Read server-sent events: the position that each brings, and its data if it has any."""
    found: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            found[name] = value.strip()
            continue
        if "id" in found:
            yield int(found["id"]), json.loads(found["data"]) if "data" in found else None
        found = {}


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _unreadable(file: Path) -> UsageInvalid:
    return UsageInvalid(
        "FILE_NOT_USABLE", f"{file} cannot be used.", "Check the path and who may read or write it."
    )


def _silent(message: str) -> NotAnswered:
    return NotAnswered(
        "MEMBER_UNAVAILABLE",
        message,
        f"Check {API_VARIABLE} and that the node runs; then try again with the same key.",
    )


def _refusal(status: int, problem: dict[str, Any]) -> CliError:
    kind: type[CliError] = MemberRefused
    if status >= 500:
        kind = NotAnswered
    elif status in WRONG_REQUEST:
        kind = RequestWrong
    return kind(
        str(problem.get("code", f"HTTP_{status}")),
        str(problem.get("detail", "The member's API refused.")),
        str(problem.get("what_to_do", "Ask whoever runs the node.")),
    )
