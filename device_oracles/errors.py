"""The error tree of ``device_oracles``.

GatewayError
├── Invalid: the input is not what the format says
│   ├── SettingsInvalid, JournalInvalid
│   ├── ReadingMalformed
│   └── AnswerMalformed: the member's API answered something else than its format
├── Refused: understood and rejected
│   ├── SensorUnknown, ReadingForged, OtherLane, ReadingStale, ReadingAhead
│   ├── PickupUnknown, PickupMismatch, RightNotReady
│   ├── JournalInUse
│   └── MemberRefused: a refusal of the member's API, with its own code
└── Unavailable: could work later
    ├── MemberUnavailable, TokenMissing
    └── JournalUnavailable

Every refusal keeps the barrier closed.
"""

from typing import ClassVar


class GatewayError(Exception):
    """Anything the gateway refuses or cannot do, with facts as attributes."""

    code: str = "GATEWAY_ERROR"
    what_to_do: str = "Call the gate's office."
    status: ClassVar[int] = 500

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Invalid(GatewayError):
    """The input is not what the format says."""

    code = "GATEWAY_INVALID"
    status = 422


class Refused(GatewayError):
    """Understood and rejected."""

    code = "GATEWAY_REFUSED"
    status = 409


class Unavailable(GatewayError):
    """Could work later."""

    code = "GATEWAY_UNAVAILABLE"
    status = 503


class SettingsInvalid(Invalid):
    """The settings file, or a file it names, is not usable."""

    code = "GATEWAY_SETTINGS_INVALID"
    what_to_do = "Correct the gateway's settings file; docs/protocol/lanes.md gives its fields."


class JournalInvalid(Invalid):
    """A whole line of the journal is not what the gateway writes."""

    code = "JOURNAL_INVALID"
    what_to_do = (
        "Do not edit the journal: keep the file, register a new lane key, and start a new journal."
    )


class ReadingMalformed(Invalid):
    """Not one reading in the gateway's format."""

    code = "READING_MALFORMED"
    what_to_do = "Check the sensor's message: lane, container, direction, occurred_at, sensor."


class AnswerMalformed(Invalid):
    """The member's API answered something else than its format."""

    code = "MEMBER_ANSWER_MALFORMED"
    what_to_do = "Check that member_api is the address of this member's node."
    status = 502


class SensorUnknown(Refused):
    """A sensor that this lane does not have."""

    code = "SENSOR_UNKNOWN"
    what_to_do = "Add the sensor's public key to the lane's settings, if it is one of the lane's."


class ReadingForged(Refused):
    """The signature is not the sensor's over this reading."""

    code = "READING_SIGNATURE_INVALID"
    what_to_do = "Check the sensor: its key, and that nothing between changed the reading."


class OtherLane(Refused):
    """A reading of another lane."""

    code = "READING_OF_OTHER_LANE"
    what_to_do = "Connect the sensor to its own lane's gateway."


class ReadingStale(Refused):
    """A reading from too long ago."""

    code = "READING_STALE"
    what_to_do = "Read the container again."


class ReadingAhead(Refused):
    """A reading from the future."""

    code = "READING_AHEAD"
    what_to_do = "Set the clocks of sensor and gateway by one time server."


class PickupUnknown(Refused):
    """The member's node knows no pickup right for this container at this terminal."""

    code = "PICKUP_UNKNOWN"
    what_to_do = "Keep the container; ask the terminal's office for its delivery order."


class PickupMismatch(Refused):
    """What the member's node answered does not belong to this container."""

    code = "PICKUP_MISMATCH"
    what_to_do = "Keep the container; have the terminal's office compare the delivery order."


class RightNotReady(Refused):
    """The pickup right does not stand where this direction needs it."""

    code = "RIGHT_NOT_READY"
    what_to_do = "Keep the container; the terminal's office sees when and where it was used."


class JournalInUse(Refused):
    """Another process writes this lane's journal."""

    code = "JOURNAL_IN_USE"
    what_to_do = "Stop the other gateway of this lane; two would count apart."


class MemberRefused(Refused):
    """A refusal of the member's API, carried on with its own code, sentence and advice."""

    def __init__(self, code: str, message: str, what_to_do: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.code = code
        self.what_to_do = what_to_do


class MemberUnavailable(Unavailable):
    """The member's API does not answer, or cannot work now."""

    code = "MEMBER_UNAVAILABLE"
    what_to_do = "Wait and send the same reading again; nothing is lost."


class TokenMissing(Unavailable):
    """The token for the member's API is not in the environment."""

    code = "TOKEN_MISSING"
    what_to_do = "Set LADING_TOKEN to a token of this member with the role gate."


class JournalUnavailable(Unavailable):
    """A line could not be made durable, so nothing was signed."""

    code = "JOURNAL_UNAVAILABLE"
    what_to_do = "Free space on the gateway's disk, then send the same reading again."
