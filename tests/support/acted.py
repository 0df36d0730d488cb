"""A made-up ledger on which acts are told one by one, each in a block, and followed at once."""

from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select
from synthetic_ledger import GENESIS_TIME, SyntheticLedger

from identity.acts.typed import Value
from identity.acts.types import ActType
from identity.acts.words import Outcome
from node.chain.events import read_event
from node.chain.follower import Follower
from node.store.database import Database
from node.store.schema import upgrade

BLANK: dict[str, Value] = {"uint256": 0, "bytes32": bytes(32), "address": bytes(20)}


class ActedLedger:
    """Acts as the contracts would emit them, unchecked; what is not given is blank."""

    def __init__(self, folder: Path) -> None:
        self.ledger = SyntheticLedger()
        self.store = Database(f"sqlite:///{folder / 'acted.sqlite'}")
        upgrade(self.store)
        self._counters: dict[tuple[str, bytes], int] = {}

    @property
    def now(self) -> int:
        """The time of the last block, UTC seconds."""
        return GENESIS_TIME + self.ledger.height

    def act(
        self,
        verb: str,
        by: bytes,
        object_: bytes,
        outcome: Outcome = Outcome.DONE,
        after: int | None = None,
        **own: Value,
    ) -> str:
        """Tell an act at its object's next counter, or at ``after``; return its digest."""
        kind = ActType.by_name(verb)
        fields: dict[str, Value] = {
            field.name: [] if field.is_array else BLANK[field.item] for field in kind.fields[6:]
        }
        counter = self._next(kind.contract, object_, after)
        given = fields | {"principal": by, "object": object_} | own
        log = self.ledger.acted(verb, counter, outcome, **given)
        self.ledger.add_block([log])
        self.follow()
        return read_event(log | PLACE, kind.contract, 0).digest

    def followed(self, contract: str, object_: bytes, state: int) -> None:
        """Tell that an object changed because of another's act."""
        counter = self._next(contract, object_, None)
        self.ledger.add_block([self.ledger.followed(contract, object_, counter, state)])
        self.follow()

    def follow(self) -> None:
        """Let the follower read to the end."""
        follower = Follower(self.ledger, self.store, self.ledger.network)
        while follower.step():
            pass

    def row(self, model: type[Any], *key: Any) -> Any:
        """Return a row by its primary key; bytes are given as they are."""
        named = tuple("0x" + part.hex() if isinstance(part, bytes) else part for part in key)
        with self.store.read() as session:
            return session.get_one(model, named if len(named) > 1 else named[0])

    def rows(self, model: type[SQLModel]) -> list[Any]:
        """Return all rows of a table."""
        with self.store.read() as session:
            return list(session.exec(select(model)))

    def _next(self, contract: str, object_: bytes, after: int | None) -> int:
        key = contract, object_
        self._counters[key] = self._counters.get(key, 0) + 1 if after is None else after
        return self._counters[key]


PLACE = {
    "blockNumber": "0x0",
    "logIndex": "0x0",
    "transactionHash": "0x" + "00" * 32,
    "blockHash": "0x" + "00" * 32,
}
