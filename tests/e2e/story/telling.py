"""What the teller carries from step to step, and how it looks through other members' eyes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .attacks import Attacker, RawAct
from .consortium import Consortium, Json, hold, until
from .gate import Gate

WEEK = 7 * 24 * 3600


@dataclass
class Story:
    """What the teller carries from step to step."""

    consortium: Consortium
    bill: Json
    say: Callable[[str], None]
    attacker: Attacker = field(init=False)
    gate: Gate = field(init=False)
    title: str = ""
    root: str = ""
    order: str = ""
    container: str = ""
    early_lane_act: bytes = b""

    def __post_init__(self) -> None:
        self.attacker = Attacker(self.consortium)
        self.gate = Gate(self.consortium.gate)
        equipment = self.bill["utilizedTransportEquipments"][0]["equipment"]
        self.container = equipment["equipmentReference"]

    def title_seen_by(self, member: str) -> Json:
        """The title as another member's node tells it."""
        return self.consortium[member].get(f"/v1/titles/{self.title}")

    def wait_title(self, member: str, fact: Callable[[Json], bool], expected: str) -> Json:
        """Wait until another member's node tells this fact of the title."""

        def look() -> Json | None:
            client = self.consortium[member]
            answer = client.client.get(
                f"/v1/titles/{self.title}",
                headers={"Authorization": f"Bearer {client.tokens['clerk']}"},
            )
            if answer.status_code != 200:
                return None
            told: Json = answer.json()
            return told if fact(told) else None

        return until(look, f"{member}'s node says: {expected}")

    def refusal_seen_by(self, member: str, act: RawAct, code: str) -> Json:
        """The refusal of this act as a member's node recorded it from the ledger."""

        def look() -> Json | None:
            told = self.consortium[member].get("/v1/refusals", role="auditor")
            return next((r for r in told["refusals"] if r["digest"] == act.digest), None)

        refusal = until(look, f"{member}'s node lists the refusal {code}")
        hold(refusal["code"] == code, f"the contract's reason is {code}, not {refusal}")
        return refusal

    def offer(self, by: str, to: str, capacity: str = "holder") -> str:
        """Offer the title and return the offer's digest as the receiver's node tells it."""
        receiver = self.consortium[to]
        self.consortium[by].write(
            f"/v1/titles/{self.title}/offers",
            {
                "to": receiver.id,
                "capacity": capacity,
                "endorsement": "none",
                "deadline_seconds": WEEK,
            },
        )
        told = self.wait_title(
            to, lambda t: bool(t["offer"]) and t["offer"]["to"] == receiver.id, "an offer waits"
        )
        return str(told["offer"]["digest"])

    def accept(self, by: str, offer: str) -> None:
        """Accept the offer with this digest."""
        self.consortium[by].write(f"/v1/titles/{self.title}/accept", {"offer": offer})


def load_bill(path: Path) -> Json:
    """The committed bill of lading, as any clerk would hand it in."""
    bill: Json = json.loads(path.read_text())
    return bill
