"""The numbers that stand for words on the ledger; ``words.json`` is their source.

Members are in capitals; the word itself is ``member.name.lower()``. A test compares this file
with ``words.json``. A number that stands for no word raises ``ValueError``.
"""

from enum import IntEnum, IntFlag


class TitleKind(IntEnum):
    """What a title is made out to."""

    STRAIGHT = 1
    ORDER = 2


class TitleState(IntEnum):
    """Where a title stands in its life."""

    NONE = 0
    ISSUED = 1
    LIVE = 2
    SURRENDERED = 3
    PAPER = 4
    VOID = 5
    DELIVERED = 6


class Capacity(IntEnum):
    """As what a title is offered."""

    HOLDER = 1
    PLEDGEE = 2


class Endorsement(IntEnum):
    """How an order title is endorsed as it is handed over."""

    NONE = 0
    NAMED = 1
    BLANK = 2


class SurrenderPurpose(IntEnum):
    """What a title is surrendered for."""

    DELIVERY = 1
    AMENDMENT = 2
    PAPER = 3


class KeyPurpose(IntEnum):
    """What a member's key is for."""

    ACT = 1
    RELAY = 2
    WITNESS = 3
    NUMBERING = 4


class Role(IntFlag):
    """What a member is in the trade; one member may be several."""

    CARRIER = 1
    SHIPPER = 2
    BANK = 4
    CONSIGNEE = 8
    TERMINAL = 16
    CUSTOMS = 32
    REGULATOR = 64
    INSPECTION = 128
    QUARANTINE = 256
    DEPOT = 512
    TRUCK = 1024


class MemberStatus(IntEnum):
    """Whether a member may act."""

    NONE = 0
    ACTIVE = 1
    SUSPENDED = 2
    LEFT = 3


class ConditionKind(IntEnum):
    """What a delivery order waits for."""

    FREIGHT = 1
    CUSTOMS = 2
    TERMINAL = 3
    INSPECTION = 4
    QUARANTINE = 5
    VERIFIED_MASS = 6


class OrderState(IntEnum):
    """Where a delivery order stands."""

    NONE = 0
    OPEN = 1
    CLOSED = 2
    CANCELLED = 3


class RightState(IntEnum):
    """Where a pickup right stands."""

    NONE = 0
    READY = 1
    USED = 2
    RETURNED = 3


class DeviceKind(IntEnum):
    """What a device is."""

    LANE = 1
    SCALE = 2
    SCANNER = 3
    GATEWAY = 4


class FreezeStage(IntEnum):
    """What was done to a title under an authority's order."""

    NONE = 0
    FROZEN = 1
    LIFTED = 2
    PROPOSED = 3
    TRANSFERRED = 4


class DeviceState(IntEnum):
    """Whether a device is in service, and if not by whom."""

    NONE = 0
    IN_SERVICE = 1
    SUSPENDED_BY_OWNER = 2
    SUSPENDED_BY_AUTHORITY = 3
    EQUIVOCATED = 4


class OriginState(IntEnum):
    """Where the log of an origin stands."""

    NONE = 0
    OPEN = 1
    SPLIT = 2


class Direction(IntEnum):
    """Which way equipment is handed over."""

    OUT = 1
    IN = 2


class Outcome(IntEnum):
    """What an act did."""

    DONE = 0
    ASSENTED = 1
    RECORDED_REFUSAL = 2
