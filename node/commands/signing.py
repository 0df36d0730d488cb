"""Has accepted commands' acts signed: many together, once what they wait for has come.

The work is a row of the outbox like any other, but done by one desk and not row by row, so that
the signer waits once for its disk for up to fifty acts, and the database commits once. Killed at
any instruction it starts over: it looks at each command again inside the transaction that stores
the signature, and the signer gives the same bytes for the same act.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, delete, select

from identity.acts.typed import MAX_BATCH_ACTS, Act, act_from_json
from identity.errors import IdentityError, RateExceeded
from identity.errors import Unavailable as IdentityUnavailable
from identity.signer.asked import Asked
from identity.signer.client import SignedAct
from node.approvals.holding import approvals_of
from node.chain.versions import is_outdated
from node.commands.bodies import to_hex
from node.commands.queue import expiry
from node.commands.states import Move, move_all, refusal_of
from node.documents.deliveries import require_acknowledged
from node.documents.errors import DeliveryRefused
from node.errors import NetworkOutdated, Waiting
from node.jobs import LONGEST_DELAY_SECONDS, put_off
from node.store.commands import ACCEPTED, EXPIRED, REFUSED, SIGNED, Command, OutboxRow
from node.store.due import is_due
from node.store.many import read_many
from node.store.rows import table_of

if TYPE_CHECKING:
    from node.node import Node

SIGN = "sign"
MAX_ACTS = 200
"""How many acts a step signs at most, with a wait for the signer's disk every fifty."""
# How long a signed act may wait for its relay; the signer's own bound is wider.
ACT_SECONDS = 3600


def work(
    commands: Sequence[str], deliveries: Sequence[int] = (), attached: bytes = b""
) -> dict[str, Any]:
    """Return the outbox payload that has these commands' acts signed.

    Args:
        commands: their ids, at most fifty.
        deliveries: what must be acknowledged before.
        attached: what follows the signature when the act is relayed.
    """
    return {"commands": list(commands), "deliveries": list(deliveries), "attached": attached.hex()}


@dataclass(frozen=True)
class _Draft:
    """An accepted command as the desk reads it."""

    number: int
    id: str
    subject: str
    verb: str
    about: str | None
    act: dict[str, Any]
    expires: int
    result: dict[str, Any]

    @property
    def held(self) -> bool:
        """Whether it needed approvals: its act's expiry is then fixed."""
        return "approvals_needed" in self.result

    def moved(self, state: str, refusal: Mapping[str, Any] | None = None, **values: object) -> Move:
        return Move(self.number, self.id, self.verb, self.about, state, refusal, values)


class SigningDesk:
    """Signs for one member; one step at a time, in the part ``work``."""

    def __init__(self, node: "Node") -> None:
        self._node = node

    def step(self) -> bool:
        """Sign what is due, at most ``MAX_ACTS`` acts; return whether there was any work.

        Raises:
            StorageUnavailable: nothing is stored; the next step starts over.
        """
        with self._node.db.read() as session:
            rows = _due(session)
            waits = {row.id: _waits(session, row) for row in rows}
            drafts = _drafts(session, rows)
            approved = approvals_of(session, [one for one in drafts if drafts[one].held])
            if rows and is_outdated(session, self._node.network):
                waits = dict.fromkeys(
                    waits, NetworkOutdated("The contracts are of a later version.")
                )
        if not rows:
            return False
        now = int(time.time())
        moves: list[Move] = []
        signed: dict[str, SignedAct] = {}
        failures: dict[int | None, Exception] = {}
        ready: list[tuple[OutboxRow, _Draft]] = []
        for row in rows:
            wait, named = waits[row.id], _of(row, drafts)
            if isinstance(wait, Waiting):
                failures[row.id] = wait
            elif wait is not None:
                moves += [draft.moved(REFUSED, refusal_of(wait)) for draft in named]
            else:
                ready += [(row, draft) for draft in named if now <= draft.expires]
        moves += [_expired(draft) for draft in drafts.values() if now > draft.expires]
        asked = {one: Asked(d.subject, approved.get(one, ())) for one, d in drafts.items()}
        self._sign(ready, asked, now + ACT_SECONDS, moves, signed, failures)
        with self._node.db.begin() as session:
            accepted = _store(session, rows, moves, failures, now)
            for one in accepted & signed.keys():
                self._node.companions.keep_own(session, signed[one])
        return True

    def _sign(
        self,
        ready: Sequence[tuple[OutboxRow, _Draft]],
        asked: Mapping[str, Asked],
        expires: int,
        moves: list[Move],
        signed: dict[str, SignedAct],
        failures: dict[int | None, Exception],
    ) -> None:
        """Ask the signer for all at once; add what it signed or refused, and what it must retry."""
        for start in range(0, len(ready), MAX_BATCH_ACTS):
            part = ready[start : start + MAX_BATCH_ACTS]
            try:
                answers = self._node.signer.sign_acts(
                    [_act(draft, expires) for _, draft in part],
                    [asked[draft.id] for _, draft in part],
                )
            except IdentityError as error:
                answers = [error] * len(part)
            for (row, draft), answer in zip(part, answers, strict=True):
                if isinstance(answer, SignedAct):
                    moves.append(_signed_move(draft, answer, row.payload["attached"]))
                    signed[draft.id] = answer
                elif isinstance(answer, IdentityUnavailable | RateExceeded):
                    failures[row.id] = answer
                else:
                    moves.append(draft.moved(REFUSED, refusal_of(answer)))


def _store(
    session: Session,
    rows: Sequence[OutboxRow],
    moves: Sequence[Move],
    failures: Mapping[int | None, Exception],
    now: int,
) -> frozenset[str]:
    """Move the commands that are still accepted; end the rows that are done, put off the others.

    Returns the ids of the commands that were still accepted.
    """
    accepted = _still_accepted(session, [each.id for each in moves])
    move_all(session, [each for each in moves if each.id in accepted], now)
    late = [row.id for row in rows if row.id in failures]
    for stored in session.exec(select(OutboxRow).where(col(OutboxRow.id).in_(late))):
        put_off(session, stored, failures[stored.id])
    done = [row.id for row in rows if row.id not in failures]
    session.exec(delete(OutboxRow).where(col(OutboxRow.id).in_(done)))
    return accepted


def _due(session: Session) -> Sequence[OutboxRow]:
    """Return due rows, the oldest first, that name at most ``MAX_ACTS`` commands."""
    query = (
        select(OutboxRow)
        .where(OutboxRow.kind == SIGN)
        .where(is_due(col(OutboxRow.due), time.time(), LONGEST_DELAY_SECONDS))
        .order_by(col(OutboxRow.due), col(OutboxRow.id))
        .limit(MAX_ACTS)
    )
    rows: list[OutboxRow] = []
    count = 0
    for row in session.exec(query):
        count += len(row.payload["commands"])
        if rows and count > MAX_ACTS:
            break
        rows.append(row)
    return rows


def _waits(session: Session, row: OutboxRow) -> Waiting | DeliveryRefused | None:
    try:
        require_acknowledged(session, row.payload["deliveries"])
    except (Waiting, DeliveryRefused) as error:
        return error
    return None


def _drafts(session: Session, rows: Iterable[OutboxRow]) -> Mapping[str, _Draft]:
    wanted = [one for row in rows for one in row.payload["commands"]]
    connection, table = session.connection(), table_of(Command)
    found = read_many(connection, table, _COLUMNS, "id", wanted, state=ACCEPTED)
    return {row[1]: _Draft(*row) for row in found}


_COLUMNS = ("number", "id", "subject", "verb", "object", "act", "expires", "result")


def _of(row: OutboxRow, drafts: Mapping[str, _Draft]) -> list[_Draft]:
    return [drafts[one] for one in row.payload["commands"] if one in drafts]


def _act(draft: _Draft, expires: int) -> Act:
    act = act_from_json(draft.act)
    return act if draft.held else Act(act.name, {**act.fields, "expires": expires})


def _expired(draft: _Draft) -> Move:
    return draft.moved(EXPIRED, expiry(draft.expires))


def _signed_move(draft: _Draft, signed: SignedAct, attached: str) -> Move:
    return draft.moved(
        SIGNED,
        act={**draft.act, "fields": {**draft.act["fields"], "expires": signed.act.expires}},
        expires=signed.act.expires,
        wire=signed.wire.hex() + attached,
        digest=to_hex(signed.digest),
    )


def _still_accepted(session: Session, commands: Collection[str]) -> frozenset[str]:
    found = read_many(
        session.connection(), table_of(Command), ("id",), "id", commands, state=ACCEPTED
    )
    return frozenset(one for (one,) in found)
