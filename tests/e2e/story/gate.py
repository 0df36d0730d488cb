"""The gate's camera: a sensor with its own key that posts signed readings to the lane over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import httpx
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Gate:
    """One lane's intake as its camera uses it."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(told["sensor_key"]))
        self._client = httpx.Client(base_url=told["url"], timeout=40, trust_env=False)

    def read(self, container: str, direction: str) -> dict[str, Any]:
        """Report a container number read at the gate; return what the lane answers."""
        return self._report(container, direction, {})

    def exchange(self, container: str, direction: str, record: bytes) -> dict[str, Any]:
        """Report an interchange with its damage record, of which only the hash leaves the gate."""
        return self._report(container, direction, {"damage": "0x" + sha256(record).hexdigest()})

    def _report(self, container: str, direction: str, more: dict[str, str]) -> dict[str, Any]:
        reading = {
            "lane": self._told["lane"],
            "container": container,
            "direction": direction,
            "occurred_at": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "sensor": self._told["sensor"],
            **more,
        }
        signature = "0x" + self._key.sign(rfc8785.dumps(reading)).hex()
        answer = self._client.post("/readings", json=reading | {"signature": signature})
        return dict(answer.json()) | {"http_status": answer.status_code}
