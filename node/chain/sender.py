"""Relays signed acts: gives each batch a nonce durably, sends it, and watches until it is final.

A transaction's bytes are stored, with its nonce, before they are first sent; only these bytes are
ever sent for that nonce, as often as needed. So the sender may be killed at any instruction: no
nonce is skipped, none is used twice, no act is lost. What an act *did* is not decided here but by
the ledger's events (node/commands/outcomes.py). One process of a member runs it at a time.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from eth_hash.auto import keccak
from sqlmodel import Session

from identity.keys.secp256k1 import SigningKey
from node.chain.errors import RpcRefused
from node.chain.network import Network
from node.chain.relaying import first_that_fit, gas_for, sign_transaction, submit_calldata
from node.chain.rpc import Ledger, data, quantity, read_call
from node.commands import queue
from node.commands.states import move
from node.jobs import delay_seconds
from node.store.commands import RELAYED, SIGNED, RelayTransaction
from node.store.database import Database

MAX_OPEN_TRANSACTIONS = 8
LOOK_AHEAD_ACTS = 50
RESEND_SECONDS = 1.0
GAS_CAP_SELECTOR = keccak(b"gasCap()")[:4]

log = structlog.get_logger("sender")


class Sender:
    """Relays one member's signed acts under one relay key.

    Args:
        ledger: where transactions go.
        network: the addresses that contracts' names stand for.
        key: the member's relay key, a secp256k1 key.
        clock: UTC seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        db: Database,
        network: Network,
        key: SigningKey,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._db = db
        self._network = network
        self._key = key
        self._clock = clock
        self._relayer = data(key.address)
        self._gas_caps: dict[str, int] = {}
        self._lowest_nonce: int | None = None

    def step(self) -> bool:
        """Settle what was sent, send again what was lost, send what waits; return if any was.

        Raises:
            LedgerUnavailable: the ledger does not answer; what waits stays stored.
            StorageUnavailable: the database does not take a write; nothing was sent for it.
        """
        self._end_lapsed()
        settled = self._settle()
        sent = False
        while self._send_next():
            sent = True
        return settled or sent

    def _end_lapsed(self) -> None:
        now = int(self._clock())
        with self._db.read() as session:
            if not queue.lapsed_acts(session, now):
                return
        with self._db.begin() as session:
            for command in queue.lapsed_acts(session, now):
                queue.expire(session, command, now)

    def _settle(self) -> bool:
        """Read the receipts of open transactions, and send again those that have none."""
        with self._db.read() as session:
            rows = queue.open_transactions(session)
        if not rows:
            return False
        # The order matters: a nonce used up to this final height has its receipt by now.
        height, used = self._final_nonce()
        receipts = self._ledger.batch([("eth_getTransactionReceipt", [row.hash]) for row in rows])
        ended: list[tuple[RelayTransaction, str, int]] = []
        for row, receipt in zip(rows, receipts, strict=True):
            if isinstance(receipt, RpcRefused):
                continue
            end = ending(receipt, row.nonce, height, used)
            if end is not None:
                ended.append((row, *end))
            elif receipt is None:
                self._send_again(row)
        self._store_ends(ended)
        return bool(ended)

    def _final_nonce(self) -> tuple[int, int]:
        """Return the last final block's height and the relay key's next nonce after it."""
        block = self._ledger.call("eth_getBlockByNumber", "finalized", False)
        height = int(block["number"], 16)
        used = self._ledger.call("eth_getTransactionCount", self._relayer, quantity(height))
        return height, int(used, 16)

    def _store_ends(self, ended: list[tuple[RelayTransaction, str, int]]) -> None:
        if not ended:
            return
        with self._db.begin() as session:
            for row, state, height in ended:
                row.state, row.block = state, height
                session.add(row)
                if state != queue.DONE:
                    self._take_back(session, row)
        for row, state, _ in ended:
            if state != queue.DONE:
                self._lowest_nonce = None
                log.warning("a relay transaction had no effect", state=state, nonce=row.nonce)

    def _take_back(self, session: Session, row: RelayTransaction) -> None:
        """Let the acts of a transaction that executed none of them wait to be relayed again."""
        now = int(self._clock())
        for command in queue.acts_of(session, row):
            command.relays += 1
            command.relay_after = now + int(delay_seconds(command.relays))
            command.relay = None
            move(session, command, SIGNED, now)

    def _send_again(self, row: RelayTransaction) -> None:
        if row.sent_at is None or self._clock() - row.sent_at >= RESEND_SECONDS:
            self._send(row)

    def _send_next(self) -> bool:
        """Write down one transaction for what waits, and send it; return if there was any."""
        with self._db.read() as session:
            open_count = len(queue.open_transactions(session))
            waiting = queue.waiting_acts(session, int(self._clock()), 1)
        if not waiting or open_count >= MAX_OPEN_TRANSACTIONS:
            return False
        contract = waiting[0].contract
        # What the ledger says is fetched before the transaction that holds the write lock.
        gas_cap = self._gas_cap(contract)
        lowest_nonce = self._lowest()
        with self._db.begin() as session:
            row = self._write_down(session, contract, gas_cap, lowest_nonce)
        if row is not None:
            self._send(row)
        return row is not None

    def _write_down(
        self, session: Session, contract: str, gas_cap: int, lowest_nonce: int
    ) -> RelayTransaction | None:
        now = int(self._clock())
        commands = queue.waiting_acts(session, now, LOOK_AHEAD_ACTS, contract)
        wires = [bytes.fromhex(command.wire or "") for command in commands]
        if not wires:
            return None
        wires = wires[: first_that_fit(wires, gas_cap)]
        nonce = queue.next_nonce(session, self._relayer, lowest_nonce)
        raw, transaction_hash = sign_transaction(
            self._key,
            self._network.chain_id,
            nonce,
            self._network.address(contract),
            submit_calldata(wires),
            gas_for(wires, gas_cap),
        )
        row = RelayTransaction(
            relayer=self._relayer,
            nonce=nonce,
            contract=contract,
            raw=raw,
            hash=transaction_hash,
            created_at=now,
        )
        session.add(row)
        session.flush()
        for command in commands[: len(wires)]:
            command.relay, command.transaction = row.number, transaction_hash
            move(session, command, RELAYED, now)
        return row

    def _send(self, row: RelayTransaction) -> None:
        """Send the stored bytes; what the ledger says against them shows in the receipts."""
        try:
            self._ledger.call("eth_sendRawTransaction", data(row.raw))
        except RpcRefused as error:
            if "already known" not in error.message:
                log.warning("the ledger took no relay", nonce=row.nonce, answer=error.message)
        with self._db.begin() as session:
            queue.note_sent(session, row, int(self._clock()))

    def _gas_cap(self, contract: str) -> int:
        if contract not in self._gas_caps:
            answer = read_call(self._ledger, self._network.address(contract), GAS_CAP_SELECTOR)
            self._gas_caps[contract] = int.from_bytes(answer, "big")
        return self._gas_caps[contract]

    def _lowest(self) -> int:
        """Return the first nonce the ledger does not know of, asked once and after a loss."""
        if self._lowest_nonce is None:
            used = self._ledger.call("eth_getTransactionCount", self._relayer, "pending")
            self._lowest_nonce = int(used, 16)
        return self._lowest_nonce


def ending(
    receipt: dict[str, Any] | None, nonce: int, final_height: int, used: int
) -> tuple[str, int] | None:
    """Return how a transaction ended and at which height, or None while it is open.

    Args:
        receipt: its receipt, if the ledger has one.
        final_height: the last final block, fetched before the receipt.
        used: how many nonces of the relay key were used up to that block.
    """
    if receipt is None:
        return (queue.DISPLACED, final_height) if nonce < used else None
    height = int(receipt["blockNumber"], 16)
    if height > final_height:
        return None
    executed = int(receipt["status"], 16) == 1
    return queue.DONE if executed else queue.REVERTED, height
