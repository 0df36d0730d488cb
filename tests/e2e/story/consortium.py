"""What the story's teller knows of a running consortium, and how it speaks to a member: HTTP alone.

Nothing here imports a package of the project. ``consortium.json`` is written by ``lading up``; it
names each member's API and tokens, the gate's address, and the keys that the attacks are made with.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

Json = dict[str, Any]
Found = TypeVar("Found")


class StoryBroken(AssertionError):
    """A step did not hold; the demo ends with exit code 1."""


def hold(fact: bool, sentence: str) -> None:
    """Go on only if ``fact`` is true; ``sentence`` says what was expected."""
    if not fact:
        raise StoryBroken(sentence)


@dataclass(frozen=True)
class Member:
    """One member's door: its id, its API and one token a role."""

    name: str
    id: str
    directory: Path
    client: httpx.Client
    tokens: dict[str, str]

    def get(self, path: str, role: str = "clerk", **query: str) -> Json:
        """Read from this member's API; a refusal breaks the story."""
        answer = self.client.get(path, params=query, headers=self._headers(role))
        hold(answer.status_code == 200, f"{self.name} answers {path}: {answer.text[:600]}")
        return dict(answer.json())

    def write(self, path: str, body: Json, role: str = "clerk") -> Json:
        """Send a command and wait until it is final; a refusal breaks the story."""
        command = self.try_write(path, body, role)
        hold(command.get("state") == "final", f"{self.name} {path} is final: {command}")
        return command

    def try_write(self, path: str, body: Json, role: str = "clerk", key: str = "") -> Json:
        """Send a command and wait; return the command, or the problem that refused it."""
        headers = self._headers(role) | {"Idempotency-Key": key or uuid.uuid4().hex}
        query = {"wait": "final", "wait_seconds": "30"}
        answer = self.client.post(path, json=body, params=query, headers=headers, timeout=45)
        return dict(answer.json()) | {"http_status": answer.status_code}

    def _headers(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


class Consortium:
    """The members of a running ``lading up`` and the files that any onlooker may read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        told: Json = json.loads((directory / "consortium.json").read_text())
        self.told = told
        self.ledger_url: str = told["ledger"]
        self.network_path = Path(told["network"])
        self.network: Json = json.loads(self.network_path.read_text())
        self.gate: Json = told["gate"]
        self.attack: Json = told.get("attack", {})
        self.port_of_discharge: int = told["port_of_discharge"]
        self.members = {
            name: Member(
                name=name,
                id=member["id"],
                directory=Path(member["directory"]),
                client=httpx.Client(base_url=member["api"], timeout=20, trust_env=False),
                tokens=member["tokens"],
            )
            for name, member in told["members"].items()
        }

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def close(self) -> None:
        """Close the connections to the members' APIs."""
        for member in self.members.values():
            member.client.close()

    def stop_node(self, name: str) -> None:
        """Ask the supervisor to keep a member's node stopped, and wait until it is silent."""
        (self[name].directory / "stopped").touch()
        until(lambda: not self.answers(name), f"{name}'s node stops")

    def start_node(self, name: str) -> None:
        """Let the supervisor start a stopped node again, and wait for its first answer."""
        (self[name].directory / "stopped").unlink(missing_ok=True)
        until(lambda: self.answers(name), f"{name}'s node starts")

    def answers(self, name: str) -> bool:
        """Whether the member's API answers at all."""
        try:
            return self[name].client.get("/v1/health", timeout=5).status_code < 500
        except httpx.TransportError:
            return False


def until(look: Callable[[], Found | None], expected: str, seconds: float = 30) -> Found:
    """Look again until something true is found; a silent failure breaks the story."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise StoryBroken(f"within {seconds:.0f} s: {expected}")
