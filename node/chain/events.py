"""Reads the contracts' three events from raw logs, without a ledger and without ABI machinery.

An act's event is the act: its bytes decode to every field that was signed. A log of one of the
network's contracts that is none of the three is refused, never skipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from eth_hash.auto import keccak

from identity.acts.effects import effect_of
from identity.acts.typed import Value, decode_unsigned
from identity.acts.types import ActType
from identity.acts.words import Outcome
from identity.errors import ActMalformed
from node.chain.errors import LogMalformed
from node.chain.network import SUCCEEDED_NAMES
from node.chain.reasons import read_reason
from node.store.projections import ACTED, FOLLOWED, NOBODY, REFUSED

ACTED_TOPIC = "0x" + keccak(b"Acted(bytes32,bytes32,bytes32,uint256,bytes)").hex()
FOLLOWED_TOPIC = "0x" + keccak(b"Followed(bytes32,bytes32,uint256,uint256)").hex()
REFUSED_TOPIC = "0x" + keccak(b"Refused(bytes32,bytes32,bytes32,uint256,bytes)").hex()

_WORD = 64  # hex digits


@dataclass(frozen=True, slots=True)
class Event:
    """One event; the attributes are those of the table ledger_event, and ``fields``.

    ``fields`` are the act's (header and own, as identity.acts.typed gives them), and empty for an
    event that is not acted.
    """

    block: int
    log_index: int
    tx_hash: str
    block_hash: str
    block_time: int
    contract: str
    kind: str
    object: str
    principal: str
    digest: str
    verb: str = ""
    counter: int = 0
    outcome: int = 0
    state: int = 0
    key: str = ""
    act: str = ""
    reason: str = ""
    refusal: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)


def read_event(log: Mapping[str, Any], contract: str, block_time: int) -> Event:
    """Return the event of one JSON-RPC log of ``contract`` (its name); time in UTC seconds.

    Raises:
        LogMalformed: another event, or an encoding that Solidity does not make.
    """
    try:
        return _READERS[log["topics"][0]](log, contract, block_time)
    except (KeyError, IndexError, ValueError, TypeError, ActMalformed) as error:
        raise LogMalformed(
            f"A log of {contract} is none of its events: {error!r}"[:300],
            contract=contract,
            block=str(log.get("blockNumber")),
            log_index=str(log.get("logIndex")),
        ) from error


def places_of(event: Event) -> dict[str, str]:
    """Return where an event puts contracts in force: address → name; nothing for most events.

    Raises:
        LogMalformed: a version that names more or fewer contracts than a network has.
    """
    if (event.verb, event.kind, event.outcome) != ("ActivateVersion", ACTED, Outcome.DONE):
        return {}
    given = ["0x" + each.hex() for each in cast(list[bytes], event.fields["contracts"])]
    if len(given) != len(SUCCEEDED_NAMES):
        raise LogMalformed("A version names other contracts.", block=event.block)
    return dict(zip(given, SUCCEEDED_NAMES, strict=True))


def _acted(log: Mapping[str, Any], contract: str, block_time: int) -> Event:
    topics: list[str] = log["topics"]
    body: str = log["data"]
    effect, signed = effect_of(_number(body, 0)), _dynamic(body, 1)
    act = decode_unsigned(bytes.fromhex(signed))
    return Event(
        *_place(log, contract, block_time),
        kind=ACTED,
        object=_topic(topics[1]),
        principal=_topic(topics[2]),
        digest=_topic(topics[3]),
        verb=act.name,
        counter=effect.counter,
        outcome=effect.outcome,
        key="0x" + effect.key.hex(),
        act="0x" + signed,
        fields=act.fields,
    )


def _followed(log: Mapping[str, Any], contract: str, block_time: int) -> Event:
    topics: list[str] = log["topics"]
    return Event(
        *_place(log, contract, block_time),
        kind=FOLLOWED,
        object=_topic(topics[1]),
        principal=NOBODY,
        digest=_topic(topics[2]),
        counter=_number(log["data"], 0),
        state=_number(log["data"], 1),
    )


def _refused(log: Mapping[str, Any], contract: str, block_time: int) -> Event:
    topics: list[str] = log["topics"]
    body: str = log["data"]
    reason = _dynamic(body, 1)
    return Event(
        *_place(log, contract, block_time),
        kind=REFUSED,
        object=_topic(topics[1]),
        principal=_topic(topics[2]),
        digest=_topic(topics[3]),
        verb=_verb_name(_number(body, 0)),
        reason="0x" + reason,
        refusal=read_reason(bytes.fromhex(reason)).error,
    )


def _place(
    log: Mapping[str, Any], contract: str, block_time: int
) -> tuple[int, int, str, str, int, str]:
    return (
        int(log["blockNumber"], 16),
        int(log["logIndex"], 16),
        log["transactionHash"],
        log["blockHash"],
        block_time,
        contract,
    )


def _slot(body: str, index: int) -> str:
    start = 2 + index * _WORD
    slot = body[start : start + _WORD]
    if len(slot) != _WORD:
        raise ValueError("the data ends inside a word")
    return slot.lower()


def _number(body: str, index: int) -> int:
    return int(_slot(body, index), 16)


def _dynamic(body: str, index: int) -> str:
    """Return the hex of the ``bytes`` argument whose offset is word ``index``."""
    start, rest = divmod(_number(body, index), 32)
    if rest:
        raise ValueError("an offset is not whole words")
    length = 2 * _number(body, start)
    begin = 2 + (start + 1) * _WORD
    if begin + length > len(body) or (len(body) - 2) % _WORD:
        raise ValueError("the data ends inside its bytes")
    return body[begin : begin + length].lower()


def _topic(topic: str) -> str:
    if len(topic) != 2 + _WORD:
        raise ValueError("a topic is not 32 bytes")
    return topic.lower()


def _verb_name(code: int) -> str:
    try:
        return ActType.by_code(code).name
    except ActMalformed:
        return str(code)


_READERS = {ACTED_TOPIC: _acted, FOLLOWED_TOPIC: _followed, REFUSED_TOPIC: _refused}
