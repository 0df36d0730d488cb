"""Members as the ledger has them, with names from their profiles where they are here."""

from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from api.http.reads.wording import roles, word
from identity.acts.words import MemberStatus
from node.errors import NodeError
from node.store.projections import Member

if TYPE_CHECKING:
    from node.node import Node


def all_members(session: Session) -> list[Member]:
    """Return every member, by number."""
    return list(session.exec(select(Member).order_by(col(Member.number))))


def names_of(node: "Node", member: str) -> tuple[str | None, str | None]:
    """Return a member's names in English and Chinese; None where its profile is not here."""
    try:
        profile = node.directory.profile(member)
    except NodeError:
        return None, None
    return profile.name_en, profile.name_zh


def member_json(node: "Node", row: Member) -> dict[str, Any]:
    """Return one member in words."""
    name, name_zh = names_of(node, row.id)
    return {
        "id": row.id,
        "name": name,
        "name_zh": name_zh,
        "roles": roles(row.roles),
        "status": word(MemberStatus, row.status),
        "counter": row.counter,
        "profile": row.profile,
    }
