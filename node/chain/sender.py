"""Relays signed acts: gives each batch a nonce durably, sends it, and watches until it is final.

A transaction's bytes are stored, with its nonce, before they are first sent; only these bytes are
ever sent for that nonce, as often as needed, unless an operator cancels it. So the sender may be
killed at any instruction: no nonce is skipped, none is used twice, no act is lost. What an act
*did* is not decided here but by the ledger's events (node/commands/outcomes.py). One process of a
member runs it at a time.
"""

import time
from collections.abc import Callable, Mapping, Sequence

import structlog
from eth_hash.auto import keccak
from sqlmodel import Session

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import LedgerDiffers, LedgerForked, RelayHeld, RpcRefused
from node.chain.lanes import Lane, Load, next_loads
from node.chain.network import Network
from node.chain.relaying import (
    first_that_fit,
    gas_for,
    sign_nothing,
    sign_transaction,
    submit_calldata,
)
from node.chain.rpc import Ledger, data, quantity, read_call
from node.chain.settling import (
    RELAYER_REFUSED,
    Ending,
    ending,
    refuse_unheard,
    store_ending,
    why_reverted,
)
from node.commands import queue
from node.commands.queue import WaitingAct
from node.commands.states import Move, move_all
from node.metrics import relay_open, relay_transactions, relayed_acts
from node.store.commands import RELAYED, RelayTransaction
from node.store.database import Database
from node.store.follower import LedgerFault

LOOK_AHEAD_ACTS = 1_000
RESEND_SECONDS = 1.0
STUCK_SECONDS = 30
# How long a relay key that the ledger refuses is left alone.
REFUSED_SECONDS = 60
UNHEARD_SECONDS = 2.0
DISTRUST = (LedgerForked.code, LedgerDiffers.code)
# What a ledger says of bytes that it has, or has executed; the receipt tells the rest.
HAS_IT = ("already known", "nonce too low")
GAS_CAP_SELECTOR = keccak(b"gasCap()")[:4]

log = structlog.get_logger("sender")


class Sender:
    """Relays one member's signed acts under its relay keys.

    Args:
        ledger: where transactions go.
        network: the addresses that contracts' names stand for.
        keys: the member's relay keys, secp256k1 keys by name; each is a lane of its own.
        clock: UTC seconds.
        settle_seconds: how long to leave open transactions alone before asking for them again.
    """

    def __init__(
        self,
        ledger: Ledger,
        db: Database,
        network: Network,
        keys: Mapping[str, SigningKey],
        clock: Callable[[], float] = time.time,
        settle_seconds: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._network = network
        self._engine = network.profile
        # A transaction that waits for its block is not lost yet.
        self._resend_seconds = max(RESEND_SECONDS, 2 * self._engine.block_seconds)
        self._keys = {data(key.address): key for key in keys.values()}
        self._names = {data(key.address): name for name, key in keys.items()}
        self._clock = clock
        self._gas_caps: dict[str, int] = {}
        self._lowest_nonces: dict[str, int] = {}
        self._refused_until: dict[str, float] = {}
        self._sent: dict[int, str | None] = {}
        self._heard_at = 0.0
        self._settle_seconds = settle_seconds
        self._settled_at = 0.0
        self._told: dict[str, tuple[bool, bool]] = {}

    def step(self) -> bool:
        """Settle what was sent, send again what was lost, send what waits; return if any was.

        Raises:
            LedgerUnavailable: the ledger does not answer; what waits stays stored.
            RelayHeld: the follower has found that the ledger is not the one it was.
            StorageUnavailable: the database does not take a write; nothing was sent for it.
        """
        if self._has_nothing_to_do():
            return False
        self._require_trust()
        self._end_lapsed()
        settled = self._settle()
        try:
            sent = self._send_waiting()
        finally:
            self._note_sent()
        return settled or sent

    def _has_nothing_to_do(self) -> bool:
        """Whether no act waits or is on its way, and all keys were last found well: at rest."""
        if not self._told or any(stuck or not usable for stuck, usable in self._told.values()):
            return False
        with self._db.read() as session:
            return queue.is_at_rest(session)

    def _require_trust(self) -> None:
        with self._db.read() as session:
            fault = session.get(LedgerFault, 1)
        if fault is not None and fault.code in DISTRUST:
            raise RelayHeld(f"Nothing is relayed: {fault.says}", fault=fault.code)

    def _end_lapsed(self) -> None:
        now = int(self._clock())
        if 0 <= self._clock() - self._heard_at < UNHEARD_SECONDS:  # a clock may jump back
            return
        self._heard_at = self._clock()
        with self._db.read() as session:
            if not queue.lapsed_acts(session, now) and not queue.unheard_acts(session):
                return
        with self._db.begin() as session:
            for command in queue.lapsed_acts(session, now):
                queue.expire(session, command, now)
            if unheard := refuse_unheard(session, now):
                log.warning("the ledger says nothing of acts it executed", acts=unheard)

    def _settle(self) -> bool:
        """Read the receipts of open transactions, and send again those that have none."""
        if time.monotonic() - self._settled_at < self._settle_seconds:
            return False
        self._settled_at = time.monotonic()
        with self._db.read() as session:
            rows = queue.open_transactions(session)
        self._measure(rows)
        if not rows:
            return False
        # The order matters: a nonce used up to this final height has its receipt by now.
        height, used = self._final_nonces({row.relayer for row in rows})
        asked = [(row, each) for row in rows for each in (row.hash, row.cancel_hash) if each]
        receipts = self._ledger.batch([("eth_getTransactionReceipt", [each]) for _, each in asked])
        found = {each: receipt for (_, each), receipt in zip(asked, receipts, strict=True)}
        ended: list[Ending] = []
        lost: list[RelayTransaction] = []
        for row in rows:
            end = self._end_of(row, found, height, used[row.relayer])
            if end is not None:
                ended.append(end)
            elif found[row.hash] is None:
                lost.append(row)
        self._send_again(lost)
        self._store_ends(ended)
        return bool(ended)

    def _final_nonces(self, relayers: set[str]) -> tuple[int, dict[str, int]]:
        """Return the last final block's height and each relay key's next nonce after it."""
        block = self._ledger.call("eth_getBlockByNumber", self._engine.final, False)
        height = int(block["number"], 16)
        names = sorted(relayers)
        asked = [("eth_getTransactionCount", [name, quantity(height)]) for name in names]
        used: dict[str, int] = {}
        for name, answer in zip(names, self._ledger.batch(asked), strict=True):
            if isinstance(answer, RpcRefused):
                raise answer
            used[name] = int(answer, 16)
        return height, used

    def _end_of(
        self, row: RelayTransaction, found: Mapping[str, object], height: int, used: int
    ) -> Ending | None:
        receipt = found[row.hash]
        instead = found[row.cancel_hash] if row.cancel_hash is not None else None
        if isinstance(receipt, RpcRefused) or isinstance(instead, RpcRefused):
            return None
        if receipt is None and isinstance(instead, dict):
            mined = int(instead["blockNumber"], 16)
            return Ending(row, queue.CANCELLED, mined) if mined <= height else None
        end = ending(receipt if isinstance(receipt, dict) else None, row.nonce, height, used)
        if end is None:
            return None
        state, at = end
        reason = why_reverted(self._ledger, row, at) if state == queue.REVERTED else None
        return Ending(row, state, at, reason)

    def _store_ends(self, ended: Sequence[Ending]) -> None:
        if not ended:
            return
        with self._db.begin() as session:
            for end in ended:
                store_ending(session, end, int(self._clock()))
        for end in ended:
            relay_transactions.labels(end.state).inc()
            if end.state == queue.DONE:
                continue
            relayer = end.row.relayer
            self._lowest_nonces.pop(relayer, None)
            why = None if end.reason is None else end.reason.error
            if why == RELAYER_REFUSED:
                self._refused_until[relayer] = self._clock() + REFUSED_SECONDS
            log.warning(
                "a relay transaction had no effect",
                state=end.state, relayer=self._names.get(relayer), nonce=end.row.nonce, why=why,
            )  # fmt: skip

    def _send_again(self, rows: Sequence[RelayTransaction]) -> None:
        now = self._clock()
        for row in rows:
            if row.cancelled_by is not None and row.cancel_raw is None:
                self._cancel(row)
        # Not between: it is long ago, or the clock has jumped back.
        pace = self._resend_seconds
        self._send([r for r in rows if r.sent_at is None or not 0 <= now - r.sent_at < pace])

    def _cancel(self, row: RelayTransaction) -> None:
        """Write down, before it is sent, the transaction that does nothing with the nonce."""
        key = self._keys.get(row.relayer)
        if key is None:
            return
        row.cancel_raw, row.cancel_hash = sign_nothing(
            key, self._network.chain_id, row.nonce, self._engine.fee_per_gas_wei
        )
        row.sent_at = None
        with self._db.begin() as session:
            session.merge(row)

    def _send_waiting(self) -> bool:
        """Write down transactions for what waits, and send them; return if there were any."""
        now = int(self._clock())
        with self._db.read() as session:
            waiting = queue.waiting_acts(session, now, LOOK_AHEAD_ACTS)
            if not waiting:
                return False
            rows = queue.open_transactions(session)
            under_way = queue.under_way(session)
        loads = next_loads(waiting, under_way, self._lanes(rows), now, self._fitting)
        if not loads:
            return False
        # What the ledger says is fetched before the transaction that holds the write lock.
        lowest = {load.relayer: self._lowest(load.relayer) for load in loads}
        with self._db.begin() as session:
            written = self._write_down(session, loads, lowest)
        self._send(written)
        return True

    def _fitting(self, acts: Sequence[WaitingAct]) -> int:
        """Return how many of the acts, from the first, one transaction can carry."""
        return first_that_fit([act.wire for act in acts], self._gas_cap(acts[0].contract))

    def _lanes(self, rows: Sequence[RelayTransaction]) -> list[Lane]:
        lanes = []
        for relayer in self._keys:
            ours = [row for row in rows if row.relayer == relayer]
            oldest = min((row.created_at for row in ours), default=self._clock())
            stuck = self._clock() - oldest >= STUCK_SECONDS
            usable = self._clock() >= self._refused_until.get(relayer, 0.0)
            lanes.append(Lane(relayer, len(ours), stuck, usable))
        return lanes

    def _write_down(
        self, session: Session, loads: Sequence[Load], lowest: Mapping[str, int]
    ) -> list[RelayTransaction]:
        now = int(self._clock())
        # An operator may have cancelled some meanwhile.
        signed = queue.still_signed(session, [act.number for load in loads for act in load.acts])
        nonces = {one: queue.next_nonce(session, one, lowest[one]) for one in lowest}
        carried: list[tuple[RelayTransaction, list[WaitingAct]]] = []
        for load in loads:
            acts = [act for act in load.acts if act.number in signed]
            if acts:
                row = self._transaction(load.relayer, nonces[load.relayer], acts)
                nonces[load.relayer] += 1
                carried.append((row, acts))
        rows = [row for row, _ in carried]
        session.add_all(rows)
        session.flush()
        moves = [
            Move(a.number, a.id, a.verb, a.object, RELAYED, None,
                 {"relay": row.number, "transaction": row.hash})
            for row, acts in carried for a in acts
        ]  # fmt: skip
        move_all(session, moves, now)
        relayed_acts.inc(len(moves))
        return rows

    def _transaction(
        self, relayer: str, nonce: int, acts: Sequence[WaitingAct]
    ) -> RelayTransaction:
        contract, wires = acts[0].contract, [act.wire for act in acts]
        raw, transaction_hash = sign_transaction(
            self._keys[relayer],
            self._network.chain_id,
            nonce,
            self._network.address(contract),
            submit_calldata(wires),
            gas_for(wires, self._gas_cap(contract)),
            self._engine.fee_per_gas_wei,
        )
        return RelayTransaction(
            relayer=relayer,
            nonce=nonce,
            contract=contract,
            raw=raw,
            hash=transaction_hash,
            acts=len(acts),
            created_at=int(self._clock()),
        )

    def _send(self, rows: Sequence[RelayTransaction]) -> None:
        """Send stored bytes, in order; what the ledger says against them shows in the receipts."""
        if not rows:
            return
        answers = self._ledger.batch(
            [("eth_sendRawTransaction", [data(row.cancel_raw or row.raw)]) for row in rows]
        )
        for row, answer in zip(rows, answers, strict=True):
            said = None
            if isinstance(answer, RpcRefused) and not any(w in answer.message for w in HAS_IT):
                said = answer.message[:200]
                log.warning("the ledger took no relay", nonce=row.nonce, answer=said)
            if row.number is not None:
                self._sent[row.number] = said

    def _note_sent(self) -> None:
        """Store when bytes were sent, of a whole step at once: only the pace of resending asks."""
        sent, self._sent = self._sent, {}
        if not sent:
            return
        with self._db.begin() as session:
            queue.note_sent(session, sent, int(self._clock()))

    def _measure(self, rows: Sequence[RelayTransaction]) -> None:
        """Count open transactions, and store how each relay key stands when that changes."""
        lanes, now = self._lanes(rows), int(self._clock())
        told = {lane.relayer: (lane.stuck, lane.usable) for lane in lanes}
        for lane in lanes:
            relay_open.labels(self._names[lane.relayer]).set(lane.open_count)
        if told == self._told:
            return
        with self._db.begin() as session:
            for lane in lanes:
                state = "stuck" if lane.stuck else "ready"
                code = None if lane.usable else "RELAYER_NOT_ACTIVE"
                state = state if lane.usable else "refused"
                name = self._names[lane.relayer]
                queue.note_relayer(session, lane.relayer, name, state, code, now)
        self._told = told

    def _gas_cap(self, contract: str) -> int:
        if contract not in self._gas_caps:
            answer = read_call(self._ledger, self._network.address(contract), GAS_CAP_SELECTOR)
            self._gas_caps[contract] = int.from_bytes(answer, "big")
        return self._gas_caps[contract]

    def _lowest(self, relayer: str) -> int:
        """Return the first nonce the ledger does not know of, asked once and after a loss."""
        if relayer not in self._lowest_nonces:
            used = self._ledger.call("eth_getTransactionCount", relayer, "pending")
            self._lowest_nonces[relayer] = int(used, 16)
        return self._lowest_nonces[relayer]
