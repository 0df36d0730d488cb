"""What an act's event says beside the act, in one word (contracts/src/interfaces/IActs.sol)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """Who signed an act, and what came of it.

    Attributes:
        key: the address that signed, 20 bytes.
        counter: the object's after the act, below 2^32.
        outcome: a number of ``identity.acts.words.Outcome``.
    """

    key: bytes
    counter: int
    outcome: int


def effect_of(packed: int) -> Effect:
    """Read the event's first word: from the lowest bit key 160, counter 32, outcome the rest."""
    return Effect(
        (packed & (1 << 160) - 1).to_bytes(20, "big"), packed >> 160 & 0xFFFFFFFF, packed >> 192
    )


def packed_effect(key: bytes, counter: int, outcome: int) -> int:
    """Return the word that ``effect_of`` reads."""
    return int.from_bytes(key, "big") | counter << 160 | outcome << 192
