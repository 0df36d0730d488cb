"""One container at the barrier, from a sensor's reading to a verdict.

The barrier opens on one thing only: the ledger's final word that this lane used the right. Every
step is durable before the next, so that the same reading sent again, after a kill too, carries on
where it stopped: never a second counter for a signed act, never a second act for a reading.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from device_oracles.errors import GatewayError
from device_oracles.gateway.journal import Journal
from device_oracles.gateway.lane import check_pickup, choose_pickup, lane_act
from device_oracles.gateway.member import MemberApi
from device_oracles.gateway.settings import GatewaySettings
from device_oracles.gateway.verdict import Verdict, already_used, decided, refused
from device_oracles.intake.readings import Reading, check_fresh, check_reading
from identity.acts.typed import Domain, digest, encode
from identity.keys.secp256k1 import SigningKey
from privacy.containers import check_container_number
from privacy.errors import PrivacyError


class Lane:
    """A lane at work; one container at a time.

    Args:
        domain: of the contract Releases.
        key: the lane's own key, which no other machine has.
        clock: UTC seconds.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        domain: Domain,
        key: SigningKey,
        journal: Journal,
        member: MemberApi,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._domain = domain
        self._key = key
        self._journal = journal
        self._member = member
        self._clock = clock
        self._one_at_a_time = Lock()

    def read(self, reading: Reading) -> Verdict:
        """Say whether the barrier opens for this reading.

        A reading seen before gets its verdict again; "open" only while the reading is fresh, so
        that a copy of it opens nothing later.

        Raises:
            OtherLane, SensorUnknown, ReadingForged, ReadingStale, ReadingAhead: not a reading to
                act on; nothing is recorded.
            JournalUnavailable: the disk is full; nothing was signed.
        """
        check_reading(reading, self._settings.lane, self._settings.sensor_keys)
        with self._one_at_a_time:
            now = int(self._clock())
            known = self._journal.passage(reading.hash)
            if known is None:
                check_fresh(reading, now)
                self._journal.record_reading(reading.hash, reading.signed, now)
            elif known.outcome is not None:
                return _again(reading, known.outcome, now)
            return self._decide(reading, now)

    def _decide(self, reading: Reading, now: int) -> Verdict:
        try:
            act = self._act_of(reading, now)
            outcome = self._member.post_lane_act(act, f"lane-{reading.hash}")
        except (GatewayError, PrivacyError) as error:
            # Nothing is decided yet: the same reading may be sent again while it is fresh.
            return refused(error)
        verdict = decided(reading, outcome)
        if verdict.ended:
            self._journal.record_outcome(reading.hash, verdict.to_json())
        return verdict

    def _act_of(self, reading: Reading, now: int) -> str:
        """The reading's signed act: the one in the journal, or a new one with a new counter."""
        known = self._journal.passage(reading.hash)
        if known is not None and known.act is not None:
            return known.act
        check_fresh(reading, now)
        found = self._member.pickups(check_container_number(reading.container))
        pickup = choose_pickup(found, reading)
        member, lane = (
            bytes.fromhex(text[2:]) for text in (self._settings.member, self._settings.lane)
        )
        check_pickup(pickup, reading)
        counter = self._journal.next_counter(reading.hash)
        act = lane_act(reading, pickup, member, lane, counter, now)
        wire = "0x" + encode(act, self._key.sign(digest(self._domain, act))).hex()
        self._journal.record_act(reading.hash, counter, wire)
        return wire


def _again(reading: Reading, outcome: dict[str, Any], now: int) -> Verdict:
    verdict = Verdict.from_json(outcome)
    if not verdict.open:
        return verdict
    try:
        check_fresh(reading, now)
    except GatewayError:
        return already_used()
    return verdict
