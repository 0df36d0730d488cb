"""The embedded ledger's error tree, with geth's JSON-RPC codes.

LedgerError
├── Refused: understood and rejected
│   ├── TransactionRefused      -32000  nonce, gas, funds, type, already known
│   ├── ExecutionReverted       3       carries the revert data
│   ├── ExecutionFailed         -32000  out of gas, invalid opcode, ...
│   ├── LimitExceeded           -32005  too many blocks, logs or calls in a batch
│   ├── DirectoryInUse                  another process writes this ledger (exit 75)
│   └── OtherLedger                     the directory holds another ledger (exit 78)
├── Invalid: not understood
│   ├── ParseError              -32700
│   ├── InvalidRequest          -32600
│   ├── UnknownMethod           -32601
│   └── InvalidParams           -32602
└── Unavailable: try again later
    ├── StorageUnavailable      -32603  disk full or failing
    ├── BuilderEnded                    the builder process was killed (exit 70)
    └── AddressUnavailable              the port is taken (exit 69)

Exit codes are those of sysexits.h.
"""

from pathlib import Path
from typing import ClassVar


class LedgerError(Exception):
    """Anything the embedded ledger answers instead of a result."""

    rpc_code: ClassVar[int] = -32603
    exit_code: ClassVar[int] = 70

    @property
    def data(self) -> str | None:
        """What stands in the JSON-RPC error's ``data`` member, if anything."""
        return None


class Refused(LedgerError):
    """Understood and rejected."""

    rpc_code = -32000


class Invalid(LedgerError):
    """Not understood."""


class Unavailable(LedgerError):
    """Not possible now; the same request may succeed later."""


class TransactionRefused(Refused):
    """A transaction that was not taken into the pool."""


class ExecutionReverted(Refused):
    """A call or an estimate that ended in REVERT.

    Attributes:
        output: the revert data as returned by the contract; may be empty.
    """

    rpc_code = 3

    def __init__(self, message: str, output: bytes) -> None:
        super().__init__(message)
        self.output = output

    @property
    def data(self) -> str | None:
        return "0x" + self.output.hex()


class ExecutionFailed(Refused):
    """A call or an estimate that ended in an exceptional halt."""


class UnknownBlock(Refused):
    """A state or a log query names a block this ledger does not have."""


class LimitExceeded(Refused):
    """A request larger than one answer may be; ask for less."""

    rpc_code = -32005


class DirectoryInUse(Refused):
    """Another process already writes the ledger in this directory."""

    exit_code = 75

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"{directory} is in use by another embedded ledger; stop that one or choose another"
            " directory"
        )
        self.directory = directory


class OtherLedger(Refused):
    """The directory or its ledger does not fit the settings."""

    exit_code = 78


class ParseError(Invalid):
    """The body is not JSON, or nested too deeply."""

    rpc_code = -32700


class InvalidRequest(Invalid):
    """The JSON is not a JSON-RPC 2.0 request."""

    rpc_code = -32600


class UnknownMethod(Invalid):
    """The method is not served; docs/protocol/ledger.md lists those that are."""

    rpc_code = -32601

    def __init__(self, method: str) -> None:
        super().__init__(f"the method {method} does not exist/is not available")
        self.method = method


class InvalidParams(Invalid):
    """A parameter is missing, superfluous or malformed."""

    rpc_code = -32602


class StorageUnavailable(Unavailable):
    """The database could not be written or read: disk full or failing."""

    exit_code = 74


class BuilderEnded(Unavailable):
    """The process that builds blocks is gone, so no transaction would ever be executed."""

    exit_code = 70

    def __init__(self) -> None:
        super().__init__("the block builder has ended; start the ledger again")


class AddressUnavailable(Unavailable):
    """The listening address could not be bound."""

    exit_code = 69
