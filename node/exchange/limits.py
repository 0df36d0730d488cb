"""How much one other member may have on its way here, and kept here, before it must wait.

What is refused is said with 429 and a time to wait, never dropped: the sender keeps it and sends
it again.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlmodel import Session, col, delete, func, select

from node.exchange.errors import IntakeFull, TooManyMessages
from node.store.documents import ArrivingRow, PeerIntakeRow

MESSAGES_AT_ONCE = 8
BYTES_AT_ONCE = 32 * 1024 * 1024
FILES_ARRIVING = 16
DAY_SECONDS = 86_400
LONGEST_WAIT_SECONDS = 3600


class Flights:
    """What is on its way at this moment, by member; used on one event loop alone."""

    def __init__(self) -> None:
        self._messages: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    @contextmanager
    def admit(self, member: str, size: int) -> Iterator[None]:
        """Let a message of ``size`` bytes of ``member`` in while the block runs.

        Raises: TooManyMessages.
        """
        messages, taken = self._messages[member] + 1, self._bytes[member] + size
        if messages > MESSAGES_AT_ONCE or taken > BYTES_AT_ONCE:
            raise TooManyMessages(
                "This member has too much on its way here.",
                messages=MESSAGES_AT_ONCE, bytes=BYTES_AT_ONCE, retry_after_seconds=1,
            )  # fmt: skip
        self._messages[member], self._bytes[member] = messages, taken
        try:
            yield
        finally:
            self._messages[member] -= 1
            self._bytes[member] -= size


@dataclass(frozen=True)
class Intake:
    """How much this member keeps for each other one in a day of UTC."""

    daily_bytes: int
    daily_messages: int

    def require_room(self, session: Session, member: str, size: int, now: int) -> None:
        """Refuse what would be too much to keep. Raises: IntakeFull."""
        row = session.get(PeerIntakeRow, (member, now // DAY_SECONDS))
        messages, taken = (row.messages, row.bytes) if row is not None else (0, 0)
        if messages + 1 > self.daily_messages or taken + size > self.daily_bytes:
            left = DAY_SECONDS - now % DAY_SECONDS
            raise IntakeFull(
                "This member has had as much kept here today as it may.",
                daily_bytes=self.daily_bytes, daily_messages=self.daily_messages,
                retry_after_seconds=min(left, LONGEST_WAIT_SECONDS),
            )  # fmt: skip

    def count(self, session: Session, member: str, size: int, now: int) -> None:
        """Count what is kept for ``member``, in the transaction that keeps it.

        Raises: IntakeFull.
        """
        self.require_room(session, member, size, now)
        key = (member, now // DAY_SECONDS)
        row = session.get(PeerIntakeRow, key, with_for_update=True)
        row = row or PeerIntakeRow(member=member, day=key[1], messages=0, bytes=0)
        session.exec(
            delete(PeerIntakeRow).where(
                col(PeerIntakeRow.member) == member, col(PeerIntakeRow.day) < key[1]
            )
        )
        row.messages += 1
        row.bytes += size
        session.add(row)


def require_few_arriving(session: Session, member: str) -> None:
    """Refuse another file of a member that has many unfinished here. Raises: IntakeFull."""
    arriving = session.exec(
        select(func.count()).select_from(ArrivingRow).where(col(ArrivingRow.from_member) == member)
    ).one()
    if arriving >= FILES_ARRIVING:
        raise IntakeFull(
            "This member has too many unfinished files here.",
            files=FILES_ARRIVING, retry_after_seconds=60,
        )  # fmt: skip
