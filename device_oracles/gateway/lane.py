"""The lane act: what a gateway says happened, as the contract will read it. No I/O, no key."""

from dataclasses import dataclass

from device_oracles.errors import PickupMismatch, PickupUnknown, RightNotReady
from device_oracles.intake.readings import Reading, reports_hash
from identity.acts.objects import right_id
from identity.acts.typed import Act
from privacy.containers import container_tag

EXPIRES_SECONDS = 120
VERBS = {"out": "GateOut", "in": "ReturnEmpty"}
STATE_NEEDED = {"out": "ready", "in": "used"}
NONE = bytes(32)


@dataclass(frozen=True)
class Pickup:
    """What the member's node holds about a container's pickup right.

    ``order``, ``right`` and ``salt`` are 32 bytes; ``counter`` is the right's, ``state`` its word
    (ready, used, returned).
    """

    order: bytes
    right: bytes
    salt: bytes
    counter: int
    state: str


def choose_pickup(pickups: list[Pickup], reading: Reading) -> Pickup:
    """Return the right this direction is about: a container has one for each of its orders.

    Raises:
        PickupUnknown: there is none.
        RightNotReady: each was used already, or has not been used yet.
    """
    needed = STATE_NEEDED[reading.direction]
    for pickup in pickups:
        if pickup.state == needed:
            return pickup
    if not pickups:
        raise PickupUnknown("No delivery order for this container is known here.")
    raise RightNotReady(
        f"The pickup right is {pickups[0].state}; this direction needs it {needed}.",
        state=pickups[0].state,
        needed=needed,
    )


def check_pickup(pickup: Pickup, reading: Reading) -> bytes:
    """Return the container's tag, once the right is that of this order and this container.

    Raises:
        PickupMismatch: it is not.
        ContainerNumberMalformed, ContainerCheckDigitWrong: the reading's number.
    """
    tag = container_tag(reading.container, pickup.salt)
    if right_id(pickup.order, tag) != pickup.right:
        raise PickupMismatch("The pickup right does not belong to this container.")
    return tag


def lane_act(
    reading: Reading, pickup: Pickup, member: bytes, lane: bytes, device_counter: int, now: int
) -> Act:
    """Build the act GateOut or ReturnEmpty for one reading.

    Args:
        member: the terminal, 32 bytes: the act's principal.
        lane: the lane's id, 32 bytes.
        device_counter: given out once, by the journal.
        now: UTC seconds; the act expires 120 s later (the contract allows 300).

    Raises: what check_pickup raises.
    """
    tag = check_pickup(pickup, reading)
    return Act(
        VERBS[reading.direction],
        {
            "principal": member,
            "delegation": NONE,
            "object": pickup.right,
            "counter": pickup.counter,
            "expires": now + EXPIRES_SECONDS,
            "companion": NONE,
            "order": pickup.order,
            "container": tag,
            "lane": lane,
            "deviceCounter": device_counter,
            "time": reading.occurred_at,
            "reports": reports_hash([reading]),
        },
    )
