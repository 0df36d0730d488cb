"""Relay keys and their transactions, as an operator sees them."""

from typing import Literal

from pydantic import Field

from api.http.shapes.shape import AT, Shape


class RelayerShape(Shape):
    """A relay key; ``open`` counts its transactions that are not final."""

    name: str = Field(examples=["relay-2"])
    address: str
    state: Literal["ready", "stuck", "refused"]
    code: str | None
    since: str | None = Field(examples=[AT])
    open: int


class RelayShape(Shape):
    """A relay transaction; ``relayer`` is the key's name."""

    number: int
    relayer: str
    nonce: int
    contract: str = Field(examples=["Titles"])
    hash: str
    state: Literal["open", "done", "reverted", "displaced", "cancelled"]
    acts: int
    block: int | None
    ledger_said: str | None
    cancelled_by: str | None
    created_at: str | None = Field(examples=[AT])
    sent_at: str | None = Field(examples=[AT])


class RelaysShape(Shape):
    """The relay keys, and the transactions in one state."""

    relayers: list[RelayerShape]
    transactions: list[RelayShape]
