"""Devices, corrections of their reports, and origins' logs, as tables.

Part of ``PROJECTIONS`` (node/store/projections.py), under the same rules.
"""

from sqlmodel import Field, SQLModel


class Device(SQLModel, table=True):
    """A lane or another device registered in Devices; ``principal`` is its owner.

    ``key`` is a lane's address, and of another device the 32-byte id of its key. ``reports`` is
    the hash under which it was suspended last.
    """

    __tablename__ = "device"

    id: str = Field(primary_key=True)
    principal: str = Field(index=True)
    key: str = Field(index=True)
    kind: int
    port: int
    calibrated_until: int
    certificate: str
    state: int
    reports: str
    counter: int
    device_counter: int


class ReportCorrection(SQLModel, table=True):
    """A device's report that was corrected by another; neither is overwritten."""

    __tablename__ = "report_correction"

    device: str = Field(primary_key=True)
    wrong: str = Field(primary_key=True)
    right: str
    principal: str
    block: int


class LogOrigin(SQLModel, table=True):
    """An origin's append-only log as its last checkpoint made it; ``state`` is OriginState's.

    ``size`` and ``root`` are those of the last accepted checkpoint, also once it is split.
    """

    __tablename__ = "log_origin"

    owner: str = Field(primary_key=True)
    origin: str = Field(primary_key=True)
    state: int
    counter: int
    size: int
    root: str
    last_block: int
