"""Members as their people know them: an API's address and tokens; the nodes run as programs."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from support.members import ENVIRONMENT, RunningMember, running_members, wait_for

from node.member import grant_tokens

ROLES = ("issuer", "clerk", "finance", "gate", "officer", "auditor", "admin")
LADING = Path(sys.executable).with_name("lading")


class Office:
    """A member's people: they have tokens and the API's address, and nothing else."""

    def __init__(self, member: RunningMember) -> None:
        self.id = member.id
        self.directory = member.new.directory
        self.seat = member.seat
        self.tokens = grant_tokens(self.directory, ROLES)
        self.url = member.new.profile.api_url
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, wait: bool = True) -> None:
        """Start the node and return once it answers, or at once."""
        with (self.directory / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [LADING, "serve", self.directory], env=os.environ | ENVIRONMENT, stderr=log
            )
        if wait:
            wait_for(self.answers, f"{self.directory.name} answers")

    @property
    def pid(self) -> int:
        """The node's process."""
        assert self._process is not None
        return self._process.pid

    def close(self) -> None:
        self.stop()
        self.http.close()

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(20)

    def bearer(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}

    def get(self, path: str, role: str = "auditor", **query: Any) -> httpx.Response:
        return self.http.get(path, params=query, headers=self.bearer(role))

    def post(
        self, path: str, body: Any, role: str, key: str | None = None, wait: bool = True
    ) -> httpx.Response:
        headers = self.bearer(role) | {"Idempotency-Key": key or secrets.token_hex(16)}
        query = {"wait": "final", "wait_seconds": "60"} if wait else {}
        return self.http.post(path, json=body, params=query, headers=headers)

    def do(self, path: str, body: Any, role: str) -> dict[str, Any]:
        """Write and wait; anything but final fails the test."""
        answer = self.post(path, body, role)
        assert answer.status_code == 200, answer.text
        command: dict[str, Any] = answer.json()
        assert command["state"] == "final", command
        return command

    def answers(self) -> bool:
        """Whether the node takes requests."""
        try:
            return self.http.get("/v1/health").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running_offices(folder: Path, names: Sequence[str]) -> Iterator[dict[str, Office]]:
    """Found a network of ``names`` and run each member's signer and node."""
    with running_members(folder, names) as members:
        offices = {name: Office(member) for name, member in members.items()}
        try:
            for office in offices.values():
                office.serve(wait=False)
            for office in offices.values():
                wait_for(office.answers, f"{office.directory.name} answers")
            for office in offices.values():
                wait_for(lambda o=office: knows_all(o, offices), "members are known")  # type: ignore[misc]
            yield offices
        finally:
            for office in offices.values():
                office.close()


def knows_all(office: Office, offices: dict[str, Office]) -> bool:
    known = {member["id"] for member in office.get("/v1/members").json()["members"]}
    return {other.id for other in offices.values()} <= known


def see(office: Office, title: str, state: str) -> dict[str, Any]:
    """Wait until a member's node shows the title in this state."""

    def shown() -> bool:
        answer = office.get(f"/v1/titles/{title}")
        return answer.status_code == 200 and answer.json()["state"] == state

    wait_for(shown, f"{office.directory.name} shows {state}")
    return dict(office.get(f"/v1/titles/{title}").json())
