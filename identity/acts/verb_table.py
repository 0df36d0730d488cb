"""The verb table: which member may do what with a title of which kind, in which state.

It tells people, screens and models; the contracts decide. Refuses data that does not fit acts
and words.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from identity.acts.types import ACT_TYPES
from identity.acts.words import TitleKind, TitleState


@dataclass(frozen=True)
class Term:
    """A capacity or a condition: what it says, and the contract's error where it is not so."""

    says: str
    refused_as: str


@dataclass(frozen=True)
class VerbRow:
    """One way a verb may be used on a title.

    Attributes:
        verb: the act's name.
        kinds, states: of the title before the act.
        capacity: in which the principal acts; ``CAPACITIES`` explains each.
        when: what else must hold: names of ``CONDITIONS``.
        result: the title after the act, in words.
        note: what a reader should know besides; may be empty.
    """

    verb: str
    kinds: frozenset[TitleKind]
    states: frozenset[TitleState]
    capacity: str
    when: tuple[str, ...]
    result: str
    note: str


def _load() -> tuple[dict[str, Term], dict[str, Term], tuple[VerbRow, ...]]:
    data = json.loads((Path(__file__).parent / "verbs.json").read_bytes())
    capacities = {name: Term(**term) for name, term in data["capacities"].items()}
    conditions = {name: Term(**term) for name, term in data["conditions"].items()}
    rows = tuple(
        VerbRow(
            **{
                **row,
                "kinds": frozenset(TitleKind[kind.upper()] for kind in row["kinds"]),
                "states": frozenset(TitleState[state.upper()] for state in row["states"]),
                "when": tuple(row["when"]),
            }
        )
        for row in data["rows"]
    )
    for row in rows:
        if row.verb not in ACT_TYPES or row.capacity not in capacities:
            raise ValueError(f"verbs.json: {row.verb} as {row.capacity} fits no act or capacity")
        if not set(row.when) <= set(conditions):
            raise ValueError(f"verbs.json: {row.verb} has a condition that is not there")
    return capacities, conditions, rows


CAPACITIES, CONDITIONS, VERB_ROWS = _load()


def verbs_for(kind: TitleKind, state: TitleState, capacity: str) -> list[str]:
    """Return the verbs that a member in ``capacity`` may try on such a title, each once."""
    rows = (row for row in VERB_ROWS if row.capacity == capacity)
    return list(dict.fromkeys(r.verb for r in rows if kind in r.kinds and state in r.states))
