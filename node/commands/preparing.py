"""What a verb's prepare function is given and what it returns.

A prepare function reads the projections, refuses early what the contract would refuse anyway, and
states the act's fields. It adds only documents' and deliveries' rows to the transaction. The
terms, the object's counter among them, are fixed when the command is accepted: if the object
moves before the act is relayed, the contract refuses it with STALE_COUNTER and the caller decides
anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlmodel import Session, SQLModel

from identity.acts.typed import Value
from identity.acts.words import MemberStatus, Role
from node.commands.refusals import refusal_named
from node.documents.deliveries import owe
from node.documents.errors import DocumentNotHeld
from node.store.documents import FOR_DOCUMENT
from node.store.projections import Authority, Member, Title

if TYPE_CHECKING:
    from node.node import Node

M = TypeVar("M", bound=SQLModel)

# Whose orders freeze and move titles, and whose hold releases and suspend devices.
TITLE_AUTHORITIES = Role.CUSTOMS | Role.REGULATOR
RELEASE_AUTHORITIES = TITLE_AUTHORITIES | Role.INSPECTION | Role.QUARANTINE


@dataclass(frozen=True)
class Context:
    """Where a command is prepared.

    Attributes:
        session: the transaction that will store the command, or the one before it that only reads;
            the handler owns both.
        member: this member's id, ``0x`` hex; the principal of every act but a lane's.
        now: UTC seconds.
    """

    session: Session
    node: "Node"
    member: str
    now: int
    _known: dict[tuple[type[Any], Any], Any] = field(default_factory=dict)

    def get(self, model: type[M], key: Any) -> M | None:
        """Return a row by its key, as it was when this context first asked for it."""
        name = (model, key)
        if name not in self._known:
            self._known[name] = self.session.get(model, key)
        found: M | None = self._known[name]
        return found

    def title(self, title_id: str) -> Title:
        """Return the title as projected; raises ContractRefused (ObjectUnknown)."""
        found = self.get(Title, title_id)
        if found is None:
            raise refusal_named("ObjectUnknown", object=title_id)
        return found

    def deliver(self, root: str, to: str) -> int:
        """Queue the delivery of a held document to ``to``; return the delivery's id.

        Raises: DocumentNotHeld.
        """
        if not self.node.documents.holds(self.session, root):
            raise DocumentNotHeld("The title's document is not here.", root=root)
        return owe(self.session, root, to, FOR_DOCUMENT)

    def assigned_port(
        self, ports: Iterable[int], roles: Role, member_id: str | None = None
    ) -> int | None:
        """Return the first of ``ports`` at which a member (this one) has one of ``roles``."""
        member = self.get(Member, member_id or self.member)
        if member is None:
            return None
        held = [int(role) for role in roles if member.roles & role]
        for port in ports:
            if any(self.get(Authority, (port, role, member.id)) for role in held):
                return port
        return None

    def lifting(self, ports: Sequence[int], roles: Role, orderer: str) -> str:
        """Return who may lift what ``orderer`` ordered: it, or this member once it has gone.

        Gone is who has none of ``roles`` at ``ports`` any more; another that has one lifts for it.
        """
        gone = self.assigned_port(ports, roles, orderer) is None
        instead = gone and self.assigned_port(ports, roles) is not None
        return self.member if instead else orderer

    def active_member(self, member_id: str, role: Role | None = None) -> Member:
        """Return an active member, one with ``role`` where one is asked for.

        Raises:
            ContractRefused: MemberUnknown, MemberNotActive or RoleMissing.
        """
        found = self.get(Member, member_id)
        if found is None:
            raise refusal_named("MemberUnknown", member=member_id)
        if found.status != MemberStatus.ACTIVE:
            raise refusal_named("MemberNotActive", member=member_id)
        if role is not None and not found.roles & role:
            raise refusal_named("RoleMissing", member=member_id, role=int(role))
        return found

    def require_assigned(self, ports: Sequence[int], role: Role, member_id: str) -> None:
        """Raise unless an active member is assigned to ``role``, which it has, at one of ``ports``.

        Ports are the ledger's ids, the one to name in a refusal first.

        Raises:
            ContractRefused: MemberUnknown, MemberNotActive or NotAssigned.
        """
        self.active_member(member_id)
        if self.assigned_port(ports, role, member_id) is None:
            raise refusal_named("NotAssigned", port=ports[0], role=int(role), member=member_id)


@dataclass(frozen=True)
class Prepared:
    """An act that is ready but for its signature.

    Attributes:
        object: what the act changes, 32 bytes; None for an issue, whose tag is still to be made.
        counter: the object's counter before the act.
        fields: the verb's own fields.
        deliveries: ids of deliveries that must be acknowledged before the act is signed.
        claim: what only one command that is not in vain may be about.
        wire: the act as already signed by someone else (a lane); nothing is signed then.
        attached: what follows the signature, unsigned; only for a verb that attaches something.
        result: ids made here that the caller needs; no business data.
    """

    object: bytes | None
    counter: int
    fields: Mapping[str, Value] = field(default_factory=dict)
    deliveries: Sequence[int] = ()
    claim: str | None = None
    wire: bytes | None = None
    attached: bytes = b""
    result: Mapping[str, Any] = field(default_factory=dict)
