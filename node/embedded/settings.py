"""What one embedded ledger process is told at start, and nothing read later."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class LedgerSettings:
    """Settings of one embedded ledger.

    Attributes:
        directory: holds the database and the lock; created with mode 0700.
        port: TCP port; 0 takes a free one.
        host: a loopback address. The RPC has no authentication, so no other is accepted.
        chain_id: EIP-155 chain id; fixed when the directory is created.
        block_gas_limit: gas in one block; fixed when the directory is created.
        transaction_gas_limit: gas one transaction, call or estimate may ask for.
        block_work_seconds: a block takes no further transaction after this much execution.
    """

    directory: Path
    port: int = 8545
    host: str = "127.0.0.1"
    chain_id: int = 7741
    block_gas_limit: int = 100_000_000
    transaction_gas_limit: int = 30_000_000
    block_work_seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK_HOSTS:
            raise ValueError(f"{self.host} is not a loopback address; the embedded ledger has none")
        if not 1 <= self.chain_id < 2**63:
            raise ValueError(f"chain id {self.chain_id} is not between 1 and 2^63 - 1")
        if self.transaction_gas_limit > self.block_gas_limit:
            raise ValueError("a transaction may not ask for more gas than a block has")
