"""Signed transactions that carry title acts, for the embedded ledger and for py-evm alike.

A network is founded once on a ledger of its own. The transactions of that founding are then the
setup of every run: the same bytes give the same contracts at the same addresses.
"""

import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from eth_hash.auto import keccak
from founded import PORT_OF_DISCHARGE, PORT_OF_LOADING, Founded, FoundedMember
from ledger_process import CHAIN_ID, running_ledger

from identity.acts.words import TitleKind
from node.chain.relaying import gas_for, sign_transaction, submit_calldata

TITLES_GAS_CAP = 250_000
ACT_LIFE_SECONDS = 3_500
OFFER_LIFE_SECONDS = 7 * 86_400
RELAYERS = ("carrier", "shipper", "bank", "consignee", "terminal", "customs")
READER = len(RELAYERS) - 1


@dataclass(frozen=True)
class Workload:
    """Half issues with their first offer, half acceptances, ``acts`` of them in a transaction."""

    founded: Founded
    setup: list[str]
    acts: int
    expires: int

    def transaction(self, worker: int, nonce: int) -> str:
        """Return a worker's signed transaction, ``0x`` hex: its acts follow from its nonce."""
        first = nonce * self.acts
        wires = [self._act(worker, number) for number in range(first, first + self.acts)]
        raw, _ = sign_transaction(
            self._relayer(worker).relay,
            CHAIN_ID,
            nonce,
            self.founded.network.address("Titles"),
            submit_calldata(wires),
            gas_for(wires, TITLES_GAS_CAP),
            self.founded.network.profile.fee_per_gas_wei,
        )
        return "0x" + raw.hex()

    def sender(self, worker: int) -> str:
        """Return the address that sends a worker's transactions."""
        return "0x" + self._relayer(worker).relay.address.hex()

    @property
    def read(self) -> tuple[str, str]:
        """Address and data of a call that reads a title: the first of ``READER``."""
        data = keccak(b"titleOf(bytes32)")[:4] + _word(READER, 0)
        return "0x" + self.founded.network.address("Titles").hex(), "0x" + data.hex()

    def _relayer(self, worker: int) -> FoundedMember:
        return self.founded.members[RELAYERS[worker]]

    def _act(self, worker: int, number: int) -> bytes:
        title, root = _word(worker, number // 2), _word(worker + 100, number // 2)
        digest, wire = self.founded.act(
            "carrier",
            "Issue",
            title,
            counter=0,
            expires=self.expires,
            kind=int(TitleKind.ORDER),
            party=bytes(32),
            holder=self.founded.members["shipper"].id,
            deadline=self.expires + OFFER_LIFE_SECONDS,
            loading=PORT_OF_LOADING,
            discharge=PORT_OF_DISCHARGE,
            root=root,
        )
        if number % 2:
            _, wire = self.founded.act(
                "shipper",
                "Accept",
                title,
                counter=1,
                expires=self.expires,
                offer=bytes.fromhex(digest[2:]),
                root=root,
            )
        return wire


def title_acts() -> tuple[Workload, Workload]:
    """Found a network and return its workloads of one and of fifty acts a transaction."""
    with tempfile.TemporaryDirectory() as directory:
        with running_ledger(Path(directory)) as url:
            founded = Founded(url)
            founded.close()
        connection = sqlite3.connect(Path(directory) / "ledger" / "ledger.sqlite")
        rows = connection.execute("SELECT raw FROM transactions ORDER BY block, position")
        setup = ["0x" + raw.hex() for (raw,) in rows]
        connection.close()
    expires = int(time.time()) + ACT_LIFE_SECONDS
    single = Workload(founded, setup, 1, expires)
    setup.append(single.transaction(READER, 0))
    return single, Workload(founded, setup, 50, expires)


def _word(*numbers: int) -> bytes:
    return keccak(b"".join(number.to_bytes(8, "big") for number in numbers))
