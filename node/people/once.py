"""What may be used once: noted in the transaction of its use, forgotten when it has expired."""

import hashlib

from sqlmodel import Session, col, delete

from node.store.people import UsedOnce


def use(session: Session, purpose: str, value: bytes, until: int, now: int) -> bool:
    """Note that ``value`` is used for ``purpose``; say whether it never was before.

    The caller's transaction is the only writer's. ``until`` is when the value ends by itself.
    """
    key = hashlib.sha256(purpose.encode() + b"\0" + value).hexdigest()
    session.exec(delete(UsedOnce).where(col(UsedOnce.until) <= now))
    if session.get(UsedOnce, key) is not None:
        return False
    session.add(UsedOnce(key=key, until=until))
    session.flush()
    return True
