"""Lets each signed message through once.

A message is remembered until its signature has expired, and ``REMEMBERED_SECONDS`` longer, so that
a clock that is set back does not let it through again; after that its age refuses it. A key that
sends faster than ``MAX_NONCES`` in its signatures' life is told to wait, so the table stays small.
"""

from sqlmodel import Session, col, delete, func, select

from node.exchange.errors import MessageReplayed, TooManyMessages
from node.exchange.messages import CLOCK_SKEW_SECONDS, Signed
from node.store.documents import PeerNonceRow

MAX_NONCES = 2_000
REMEMBERED_SECONDS = 600


def admit(session: Session, signed: Signed, now: int) -> None:
    """Remember the message's nonce; the caller commits before it acts on the message.

    Args:
        now: UTC seconds.

    Raises: MessageReplayed, TooManyMessages.
    """
    session.exec(delete(PeerNonceRow).where(col(PeerNonceRow.expires) < now - REMEMBERED_SECONDS))
    if session.get(PeerNonceRow, (signed.key, signed.nonce)) is not None:
        raise MessageReplayed("This message came before.")
    live = session.exec(
        select(func.count())
        .select_from(PeerNonceRow)
        .where(PeerNonceRow.key == signed.key)
        .where(col(PeerNonceRow.expires) >= now - CLOCK_SKEW_SECONDS)
    ).one()
    if live >= MAX_NONCES:
        raise TooManyMessages(
            "This key sends too many messages.", limit=MAX_NONCES, retry_after_seconds=10
        )
    session.add(PeerNonceRow(key=signed.key, nonce=signed.nonce, expires=signed.expires))
