"""The ledger's branch of node's error tree.

NodeError
├── Refused
│   ├── RpcRefused              the ledger answered with an error: its code, message and data
│   ├── LedgerForked            a block this node counted as final is another one now; it stops
│   ├── EventMissing            an object's events do not follow each other; it stops
│   ├── LedgerDiffers           the ledger is not the one that network.json describes
│   ├── LogsPruned              the ledger has the logs of blocks no more that this node needs
│   ├── CouncilSignatureMissing network.json carries too few valid council signatures
│   ├── FoundingRefused         a step of the founding did not take effect
│   ├── ActReverts              an act makes the whole transaction revert that carries it
│   ├── ActUnheard              a transaction was executed and nothing was said of this act of it
│   └── RebuildUnderWay         another process rebuilds this member's tables
├── Invalid
│   ├── NetworkMalformed        network.json does not follow its format
│   ├── EngineUnknown           it names an engine that this release has no profile of
│   └── LogMalformed            a contract of this network emitted what no act can be
└── Unavailable
    ├── LedgerUnavailable       (node/errors.py) it does not answer, or answers nonsense
    │   └── LedgerSlow          it does not answer in time
    ├── LedgerBehind            the ledger knows fewer final blocks than this node has applied
    ├── LedgerSyncing           so it is, and says that it is catching up
    └── RelayHeld               the follower has stopped at a ledger that is not to be trusted

Faults of the ledger are counted where they are found, in ``lading_ledger_fault_total{kind}``: down,
slow, nonsense, syncing, behind, forked, other_ledger, pruned, range_refused, event_missing.
"""

from node.errors import Invalid, LedgerUnavailable, Refused, Unavailable


class RpcRefused(Refused):
    """The ledger answered with a JSON-RPC error.

    Attributes:
        rpc_code: the JSON-RPC error code; 3 for a revert.
        data: the error's data: a revert's bytes, or empty.
    """

    code = "RPC_REFUSED"
    what_to_do = "Read the ledger's reason; sending the same again will not help."

    def __init__(self, message: str, rpc_code: int, data: bytes = b"") -> None:
        super().__init__(message, rpc_code=rpc_code, data="0x" + data.hex())
        self.rpc_code = rpc_code
        self.data = data


class LedgerForked(Refused):
    """A block that this node has applied as final has another hash now."""

    code = "LEDGER_FORKED"
    what_to_do = (
        "Stop relying on this node. Find out which ledger it is connected to; if the engine really"
        " replaced final blocks, tell every member, then rebuild the tables."
    )


class EventMissing(Refused):
    """An object's event does not follow the last one this node has applied."""

    code = "EVENT_MISSING"
    what_to_do = (
        "Stop relying on this node: its ledger connection left out an event. Connect it to another"
        " ledger node, then rebuild the tables."
    )


class LedgerDiffers(Refused):
    """The ledger at this address is not the one network.json describes."""

    code = "LEDGER_DIFFERS"
    what_to_do = "Check the ledger's address in the settings and which network.json is installed."


class LogsPruned(Refused):
    """The ledger node has the logs of a block no more, and this node has not read them yet."""

    code = "LOGS_PRUNED"
    what_to_do = (
        "Point ledger_url to a ledger node that keeps all logs (an archive node); the follower then"
        " goes on by itself."
    )


class CouncilSignatureMissing(Refused):
    """Fewer council seats than the threshold have signed this network.json."""

    code = "COUNCIL_SIGNATURE_MISSING"
    what_to_do = "Get network.json from the council again; do not use this one."


class FoundingRefused(Refused):
    """A step of the founding did not take effect."""

    code = "FOUNDING_REFUSED"
    what_to_do = "Correct the founding's inputs as the reason says, then run the founding again."


class ActReverts(Refused):
    """An act that makes any transaction revert that carries it, also one of its own."""

    code = "ACT_REVERTS"
    what_to_do = "Report this act to whoever runs the node; a new request makes a new act."


class ActUnheard(Refused):
    """The ledger executed the transaction, and no event speaks of this act of it."""

    code = "ACT_UNHEARD"
    what_to_do = "Its bytes are none of an act of this network; report it, and ask anew."


class RebuildUnderWay(Refused):
    """Another process of this member rebuilds the tables."""

    code = "REBUILD_UNDER_WAY"
    what_to_do = "Wait until the rebuild that is running has ended."


class NetworkMalformed(Invalid):
    """network.json does not follow its format."""

    code = "NETWORK_MALFORMED"
    what_to_do = "Get network.json from the council again."


class EngineUnknown(Invalid):
    """The engine that network.json or a founding names is none that this release knows."""

    code = "ENGINE_UNKNOWN"
    what_to_do = "Use one of the engines in facts, or the release that knows this one."


class LogMalformed(Invalid):
    """A contract of this network emitted a log that is not one of its three events."""

    code = "LOG_MALFORMED"
    what_to_do = "The node's release does not fit the contracts; install the one that does."


class LedgerBehind(Unavailable):
    """The ledger knows fewer final blocks than this node has applied."""

    code = "LEDGER_BEHIND"
    what_to_do = "Wait until the ledger has caught up; if it does not, it has lost blocks."


class LedgerSyncing(Unavailable):
    """The ledger node is catching up, and has not come to where this node is."""

    code = "LEDGER_SYNCING"
    what_to_do = "Wait until the ledger node has caught up, or point ledger_url to another one."


class LedgerSlow(LedgerUnavailable):
    """The ledger did not answer in time."""

    code = "LEDGER_SLOW"
    what_to_do = (
        "Nothing is lost. If it stays, look at the ledger node's load and at the way to it."
    )


class RelayHeld(Unavailable):
    """Nothing is relayed, because the follower has stopped at a ledger it must not trust."""

    code = "RELAY_HELD"
    what_to_do = "Do what the follower's fault says; relaying goes on by itself afterwards."
