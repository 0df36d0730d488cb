"""The ledger as tables: every row here can be derived from the ledger's final blocks alone.

``PROJECTIONS`` lists them all; node/chain/follower.py fills them and can drop and rebuild them.
Nothing else writes here. Ids, digests, roots and addresses are ``0x`` and lower-case hex, 32 zero
bytes for nobody or nothing; enumerations are their numbers (identity/acts/words.py); times are UTC
seconds. An integer above 2^63 - 1, which only a careless or hostile act holds, stands here as
2^63 - 1; the act's own bytes keep it whole. Whether an offer has lapsed is a question of the
moment of reading and is not stored.
"""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from node.store.council_projections import (
    ContractPlace,
    ContractVersion,
    Council,
    CouncilSeat,
    Delegation,
    RulebookInForce,
)
from node.store.device_projections import Device, LogOrigin, ReportCorrection

NOBODY = "0x" + "0" * 64
GREATEST = 2**63 - 1

ACTED = "acted"
FOLLOWED = "followed"
REFUSED = "refused"


class LedgerEvent(SQLModel, table=True):
    """One event of one of the network's contracts, in the ledger's order.

    ``kind`` is acted, followed or refused. Of an acted event ``counter`` is the object's after the
    act, ``key`` the address that signed, ``act`` the act's bytes before its signature. A followed
    event's ``digest`` is that of the act that caused it, and ``state`` the object's new state. A
    refused event's ``reason`` is the revert data, ``refusal`` the custom error's name
    (node/chain/reasons.py reads the rest); object and principal are what the act claimed.
    ``verb`` is the act's name, or its number when there is no such act.
    """

    __tablename__ = "ledger_event"
    __table_args__ = (
        Index("ledger_event_object", "object", "counter"),
        Index("ledger_event_digest", "digest"),
    )

    block: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    log_index: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    tx_hash: str
    block_hash: str
    block_time: int
    contract: str
    kind: str
    object: str
    principal: str
    digest: str
    verb: str
    counter: int
    outcome: int
    state: int
    key: str
    act: str
    reason: str
    refusal: str


class Member(SQLModel, table=True):
    """A member as Membership.memberOf gives it; ``counter`` also counts its keys' changes.

    ``successor`` answers for it as carrier; nobody while it answers for itself.
    """

    __tablename__ = "member"

    id: str = Field(primary_key=True)
    number: int
    roles: int
    status: int
    counter: int
    profile: str
    rulebook: str
    successor: str
    admitted_block: int


class MemberKey(SQLModel, table=True):
    """A key of a member, also after its end. ``key`` is the ledger's 32-byte key id.

    ``valid_until`` 0 means no end was set; ``revoked_at`` 0 means not revoked.
    """

    __tablename__ = "member_key"

    member: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    purpose: int
    valid_from: int
    valid_until: int
    revoked_at: int
    added_block: int
    revoked_block: int | None


class Authority(SQLModel, table=True):
    """A member that is assigned to a role at a port; ended assignments have no row."""

    __tablename__ = "authority"

    port: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    role: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    member: str = Field(primary_key=True)


class AuthorityMotion(SQLModel, table=True):
    """The counter of the assignments to one role at one port."""

    __tablename__ = "authority_motion"

    id: str = Field(primary_key=True)
    port: int
    role: int
    counter: int


class Title(SQLModel, table=True):
    """A title as Titles.titleOf gives it, and the digest of the last act on it.

    ``offer`` names the open offer: its act's digest, for an amendment keccak256(digest ‖ amended
    root), or nobody. With it go ``offer_act`` (the digest), ``counterparty``, ``offer_capacity``,
    ``offer_endorsement``, ``offer_purpose`` (of a surrender), ``deadline``, and for an amendment
    ``amended``, the root it names, and whether the pledgee has ``consented``.
    ``enforceable_from`` is 0 until a default is recorded, then the first second in which the
    pledgee may enforce. ``freezes`` counts those that stand.
    """

    __tablename__ = "title"
    # A member's titles are read by id, page by page, in each of these capacities.
    __table_args__ = tuple(
        Index(f"title_{name}", name, "id")
        for name in ("carrier", "holder", "pledgee", "controller", "counterparty")
    )

    id: str = Field(primary_key=True)
    state: int
    kind: int
    counter: int
    version: int
    carrier: str
    holder: str
    pledgee: str
    controller: str
    party: str
    counterparty: str
    offer: str
    offer_act: str
    offer_capacity: int
    offer_endorsement: int
    offer_purpose: int
    deadline: int
    amended: str
    consented: bool
    enforceable_from: int
    freezes: int
    loading: int
    discharge: int
    root: str
    last_digest: str
    issued_block: int
    last_block: int


class TitleFreeze(SQLModel, table=True):
    """A title's freeze under an authority's order (its hash), also after it was lifted.

    ``stage`` is FreezeStage's. A transfer can be proposed from second ``transferable_from`` on;
    ``proposal`` is the digest of the proposal or nobody; ``proposed_by``, ``proposed_to`` and
    ``ends_lien`` are its content.
    """

    __tablename__ = "title_freeze"

    title: str = Field(primary_key=True)
    order: str = Field(primary_key=True)
    stage: int
    member: str
    port: int
    transferable_from: int
    proposal: str
    proposed_by: str
    proposed_to: str
    ends_lien: bool
    frozen_block: int
    last_block: int


class DeliveryOrder(SQLModel, table=True):
    """A delivery order; ``root`` is that of its document.

    ``holds`` counts the authorities' holds that stand; ``cancellation`` is the digest of the
    proposal to cancel it, or nobody.
    """

    __tablename__ = "delivery_order"

    id: str = Field(primary_key=True)
    title: str = Field(index=True)
    state: int
    counter: int
    root: str
    carrier: str
    terminal: str = Field(index=True)
    port: int
    holds: int
    cancellation: str
    opened_block: int
    last_block: int


class OrderCondition(SQLModel, table=True):
    """One condition of one order, and the one member that sets it."""

    __tablename__ = "order_condition"

    id: str = Field(primary_key=True)
    order: str = Field(index=True)
    kind: int
    member: str = Field(index=True)
    met: bool
    reference: str
    counter: int


class OrderHold(SQLModel, table=True):
    """An authority's hold of a release under an order of its own, also after it was lifted."""

    __tablename__ = "order_hold"

    delivery_order: str = Field(primary_key=True)
    order: str = Field(primary_key=True)
    member: str
    port: int
    held_block: int
    lifted_block: int | None


class PickupRight(SQLModel, table=True):
    """The right to take one container; ``used_*`` speak of the gate-out that used it.

    ``owner`` is nobody until the right was transferred: then it is with whoever surrendered the
    title. With the open ``offer`` (its digest, or nobody) go ``offered_to`` and ``deadline``.
    ``early_attempts`` counts gate-outs that the contract recorded as refused. ``used_at`` and
    ``returned_at`` are the lane's own times; 0 for not yet. ``reinstatement`` is the digest of a
    proposal that names ``used_reports`` as misread. ``damage_out`` and ``damage_in`` are the
    interchanges' damage records; ``out_at`` and ``in_at`` their times.
    """

    __tablename__ = "pickup_right"

    id: str = Field(primary_key=True)
    order: str = Field(index=True)
    container: str = Field(index=True)
    terminal: str
    state: int
    counter: int
    early_attempts: int
    used_lane: str
    used_at: int
    used_reports: str
    returned_lane: str
    returned_at: int
    owner: str
    offered_to: str = Field(index=True)
    offer: str
    deadline: int
    reinstatement: str
    damage_out: str
    out_at: int
    damage_in: str
    in_at: int


class ChainCursor(SQLModel, table=True):
    """The last final block whose events these tables hold; one row."""

    __tablename__ = "chain_cursor"

    id: int = Field(default=1, primary_key=True)
    block: int
    block_hash: str
    block_time: int


PROJECTIONS: tuple[type[SQLModel], ...] = (
    LedgerEvent,
    Member,
    MemberKey,
    Authority,
    AuthorityMotion,
    Delegation,
    Council,
    CouncilSeat,
    RulebookInForce,
    ContractVersion,
    ContractPlace,
    Title,
    TitleFreeze,
    DeliveryOrder,
    OrderHold,
    OrderCondition,
    PickupRight,
    Device,
    ReportCorrection,
    LogOrigin,
    ChainCursor,
)
