"""What the gate is told: whether the barrier opens, and why, in words for who stands there."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from device_oracles.errors import GatewayError
from device_oracles.gateway.member import Outcome
from device_oracles.intake.readings import Reading
from privacy.errors import PrivacyError


@dataclass(frozen=True)
class Verdict:
    """One answer to a reading.

    ``ended`` says that this reading will never get another answer; if it is false, sending the
    same reading again may. ``command`` names the member's command, if there is one.
    """

    open: bool
    code: str
    says: str
    says_zh: str
    what_to_do: str
    ended: bool
    command: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON, with the barrier in a word."""
        return {"barrier": "open" if self.open else "closed", **asdict(self)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """Read what to_json wrote."""
        return cls(**{name: item for name, item in value.items() if name != "barrier"})


DONE = {
    "out": (
        "Released: the pickup right is used, and final. Open the barrier.",
        "已放行，提箱权已使用，抬杆。",
    ),
    "in": (
        "Returned: the empty container is recorded, and final. Open the barrier.",
        "空箱已还，抬杆。",
    ),
}

RECORDED = (
    "The equipment interchange is recorded, and final. It opens no barrier.",
    "设备交接单已登记，不抬杆。",
)


def decided(reading: Reading, outcome: Outcome) -> Verdict:
    """The verdict on where the lane act's command stands; an interchange opens nothing."""
    if outcome.state == "final" and outcome.refusal is None:
        if reading.damage is not None:
            says, says_zh = RECORDED
            advice = "Hand over the interchange receipt."
            return Verdict(False, "RECORDED", says, says_zh, advice, True, outcome.command)
        says, says_zh = DONE[reading.direction]
        return Verdict(True, "DONE", says, says_zh, "Open the barrier.", True, outcome.command)
    if outcome.refusal is not None:
        return _closed(
            str(outcome.refusal["code"]),
            str(outcome.refusal["sentence"]),
            str(outcome.refusal["what_to_do"]),
            command=outcome.command,
        )
    if outcome.state == "expired":
        return _closed(
            "LANE_ACT_EXPIRED",
            "The ledger did not take the lane's act in time.",
            "Read the container again.",
            command=outcome.command,
        )
    return _closed(
        "NOT_FINAL_YET",
        "The lane's act is on its way and not final yet.",
        "Send the same reading again in some seconds; do not open the barrier.",
        ended=False,
        command=outcome.command,
    )


def refused(error: GatewayError | PrivacyError) -> Verdict:
    """The verdict when no lane act came to its end."""
    return _closed(error.code, error.message, error.what_to_do, ended=False)


def already_used() -> Verdict:
    """The verdict on a copy of a reading that opened the barrier before."""
    return _closed(
        "READING_USED",
        "This reading opened the barrier before.",
        "Read the container that stands here now.",
    )


def _closed(
    code: str, says: str, what_to_do: str, *, ended: bool = True, command: str | None = None
) -> Verdict:
    return Verdict(False, code, says, "不放行，请勿抬杆。", what_to_do, ended, command)
