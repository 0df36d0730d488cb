"""The lane act: what a gateway says happened, as the contract will read it. No I/O, no key."""

from dataclasses import dataclass

from device_oracles.errors import PickupMismatch, PickupUnknown, RightNotReady
from device_oracles.intake.readings import Reading, reports_hash
from identity.acts.objects import right_id
from identity.acts.typed import Act, Value
from identity.acts.words import Direction
from privacy.containers import container_tag

EXPIRES_SECONDS = 120
VERBS = {"out": "GateOut", "in": "ReturnEmpty"}
INTERCHANGE = "RecordInterchange"
NONE = bytes(32)


@dataclass(frozen=True)
class Pickup:
    """What the member's node holds about a container's pickup right.

    ``order``, ``right`` and ``salt`` are 32 bytes; ``counter`` is the right's, ``state`` its word
    (ready, used, returned); ``interchanges`` are the directions whose interchange is recorded.
    """

    order: bytes
    right: bytes
    salt: bytes
    counter: int
    state: str
    interchanges: frozenset[str] = frozenset()


def choose_pickup(pickups: list[Pickup], reading: Reading) -> Pickup:
    """Return the right this reading is about: a container has one for each of its orders.

    Raises:
        PickupUnknown: there is none.
        RightNotReady: each was used already, or has not been used yet; or its interchange is
            recorded, or the one before it is not.
    """
    for pickup in pickups:
        if _fits(pickup, reading):
            return pickup
    if not pickups:
        raise PickupUnknown("No delivery order for this container is known here.")
    needed = _needed(reading)
    raise RightNotReady(
        f"The pickup right is {pickups[0].state}; this reading needs it {needed}.",
        state=pickups[0].state,
        needed=needed,
    )


def _fits(pickup: Pickup, reading: Reading) -> bool:
    """Say whether the right stands where this reading needs it.

    A container leaves by a ready right and comes back by a used one. Once it left, its interchange
    out is recorded, and after that its interchange in, before or after its return.
    """
    if reading.damage is None:
        return pickup.state == _needed(reading)
    left = pickup.state in ("used", "returned")
    before = frozenset() if reading.direction == "out" else frozenset({"out"})
    return left and pickup.interchanges == before


def _needed(reading: Reading) -> str:
    if reading.damage is None:
        return "ready" if reading.direction == "out" else "used"
    return "used, with no interchange" if reading.direction == "out" else "used, handed out, not in"


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
    """Build the act for one reading: GateOut or ReturnEmpty, or RecordInterchange.

    Args:
        member: the terminal, 32 bytes: the act's principal.
        lane: the lane's id, 32 bytes.
        device_counter: given out once, by the journal.
        now: UTC seconds; the act expires 120 s later (the contract allows 300).

    Raises: what check_pickup raises.
    """
    tag = check_pickup(pickup, reading)
    fields: dict[str, Value] = {
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
    }
    if reading.damage is None:
        return Act(VERBS[reading.direction], fields | {"reports": reports_hash([reading])})
    direction = int(Direction[reading.direction.upper()])
    return Act(INTERCHANGE, fields | {"direction": direction, "damage": reading.damage})
