"""What the API answers, as OpenAPI tells it; the reads build it, these shapes only describe it."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.http.parameters import EventKind

EXAMPLE_ID = "0x" + "5f" * 32
AT = "2026-05-01T10:00:00Z"


class Shape(BaseModel):
    """An answer; unknown fields are an error of ours."""

    model_config = ConfigDict(extra="forbid")


class AsOfShape(Shape):
    """Up to which final block an answer speaks; ``behind_seconds`` 0 while the node keeps up."""

    height: int | None = Field(examples=[512])
    block_hash: str | None = Field(examples=[EXAMPLE_ID])
    behind_seconds: int | None = Field(examples=[0])


class RefusalShape(Shape):
    """Why a command was refused: a stable code, a sentence, what to do, and facts."""

    code: str = Field(examples=["NOT_THE_CONTROLLER"])
    sentence: str
    what_to_do: str
    facts: dict[str, Any]


class CommandShape(Shape):
    """A write on its way: what it is about, where it stands, and what the ledger made of it."""

    id: str
    verb: str = Field(examples=["Offer"])
    object: str | None = Field(examples=[EXAMPLE_ID])
    state: Literal["accepted", "relayed", "final", "refused", "expired"]
    digest: str | None
    result: dict[str, Any]
    refusal: RefusalShape | None
    block: int | None
    tx_hash: str | None
    expires: str | None = Field(examples=[AT])
    created_at: str | None = Field(examples=[AT])
    updated_at: str | None = Field(examples=[AT])


class CommandsShape(Shape):
    """Commands, the latest first; ``next`` is the id to ask the page after with."""

    commands: list[CommandShape]
    next: str | None


class ReasonShape(Shape):
    """One thing that a command waits for."""

    code: str = Field(examples=["DELIVERY_WAITS"])
    says: str
    facts: dict[str, Any]


class ExplanationShape(Shape):
    """A command, and what it waits for; nothing once it has its end."""

    command: CommandShape
    waits_for: list[ReasonShape]


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


class BulkAnswerShape(Shape):
    """What came of one of several commands: ``command``, or ``problem`` with its status."""

    key: str | None
    status: int = Field(examples=[202])
    command: CommandShape | None
    problem: dict[str, Any] | None = Field(description="problem+json, as a refusal alone is")


class BulkShape(Shape):
    """An answer for each command, in the order asked."""

    answers: list[BulkAnswerShape]


class OfferShape(Shape):
    """An open offer; a surrender is an offer to the carrier."""

    digest: str = Field(examples=[EXAMPLE_ID])
    kind: Literal["offer", "surrender"]
    from_: str = Field(alias="from", examples=[EXAMPLE_ID])
    to: str = Field(examples=[EXAMPLE_ID])
    capacity: str | None = Field(examples=["holder"])
    endorsement: str | None = Field(examples=["blank"])
    purpose: str | None = Field(examples=["delivery"])
    deadline: str | None = Field(examples=[AT])
    lapsed: bool
    amended: str | None = Field(description="the amended document's root, of an amendment")
    consented: bool = Field(description="whether the pledgee consented to the amendment")


class PortsShape(Shape):
    """The ports' ids on the ledger."""

    loading: int = Field(examples=[2])
    discharge: int = Field(examples=[4])


class PortNamesShape(Shape):
    """UN/LOCODEs, or the port's id on the ledger where the rulebook has no name for it."""

    loading: str = Field(examples=["CNSHA"])
    discharge: str = Field(examples=["NLRTM"])


class TitleShape(Shape):
    """A title as it stands; ids are member ids, null where there is nobody."""

    id: str = Field(examples=[EXAMPLE_ID])
    state: str = Field(examples=["live"])
    kind: str = Field(examples=["order"])
    controller: str | None
    holder: str | None
    pledgee: str | None
    party: str | None
    carrier: str
    counter: int
    version: int
    root: str
    ports: PortsShape
    port_names: PortNamesShape
    offer: OfferShape | None
    enforceable_from: str | None = Field(description="after a recorded default", examples=[AT])
    frozen: bool
    order: str | None


class LegalOrderShape(Shape):
    """What was done to a title under an authority's order, named by its hash."""

    legal_order: str = Field(examples=[EXAMPLE_ID])
    stage: str = Field(examples=["frozen"])
    authority: str
    port: int
    transferable_from: str | None = Field(examples=[AT])
    proposal: str | None
    proposed_by: str | None
    proposed_to: str | None
    ends_lien: bool


class TitleNowShape(TitleShape):
    """A title with the orders under which authorities acted on it, and as of when."""

    legal_orders: list[LegalOrderShape]
    as_of: AsOfShape


class TitlesShape(Shape):
    """Titles that concern this member, by id; ``next`` continues the list."""

    titles: list[TitleShape]
    next: str | None
    as_of: AsOfShape


class ConditionShape(Shape):
    """A condition of an order, and the one member that sets it."""

    id: str
    kind: str = Field(examples=["customs"])
    member: str
    met: bool
    reference: str | None
    counter: int


class RightOfferShape(Shape):
    """An open offer of a pickup right to a truck company."""

    digest: str = Field(examples=[EXAMPLE_ID])
    to: str = Field(examples=[EXAMPLE_ID])
    deadline: str | None = Field(examples=[AT])
    lapsed: bool


class InterchangeShape(Shape):
    """An equipment interchange: when, and the hash of its damage record."""

    at: str | None = Field(examples=[AT])
    damage: str


class RightShape(Shape):
    """A pickup right; ``container`` only where this member was told its number.

    ``owner`` is null until the right was transferred: then it is with who surrendered the title.
    """

    id: str
    container: str | None = Field(examples=["MAEU6543213"])
    container_tag: str
    state: str = Field(examples=["ready"])
    counter: int
    early_attempts: int
    used_lane: str | None
    used_at: str | None
    used_reports: str | None
    returned_at: str | None
    owner: str | None
    offer: RightOfferShape | None
    reinstatement: str | None = Field(description="digest of the proposal to reinstate it")
    interchange_out: InterchangeShape | None
    interchange_in: InterchangeShape | None


class HoldShape(Shape):
    """An authority's hold under a legal order, named by its hash."""

    legal_order: str = Field(examples=[EXAMPLE_ID])
    authority: str
    port: int
    stands: bool


class OrderShape(Shape):
    """A delivery order; ``lien_free`` is computed from its title."""

    id: str
    title: str
    state: str = Field(examples=["open"])
    counter: int
    root: str
    carrier: str
    terminal: str
    conditions: list[ConditionShape]
    lien_free: bool
    holds: list[HoldShape]
    cancellation: str | None = Field(description="digest of the proposal to cancel it")
    rights: list[RightShape]
    as_of: AsOfShape


class EventShape(Shape):
    """One event of the ledger; ``act`` is exactly what was signed."""

    kind: Literal["acted", "followed", "refused"]
    object: str
    verb: str | None
    principal: str | None
    key: str | None
    counter: int | None
    outcome: str | None
    refusal: str | None
    act: dict[str, Any] | None
    says: str | None
    digest: str
    block: int
    log_index: int
    block_hash: str
    tx_hash: str
    at: str | None


class EventsShape(Shape):
    """Events in the ledger's order."""

    events: list[EventShape]
    as_of: AsOfShape


class StreamedShape(Shape):
    """One event of the stream: ids and states; ``link`` leads to what may be read of it."""

    position: int = Field(examples=[4711])
    kind: EventKind
    verb: str | None = Field(examples=["Offer"])
    object: str | None = Field(examples=[EXAMPLE_ID])
    title: str | None = Field(examples=[EXAMPLE_ID])
    container_tag: str | None
    member: str | None = Field(description="who acted", examples=[EXAMPLE_ID])
    members: list[str] = Field(description="all members that it concerns")
    state: str | None = Field(examples=["live"])
    code: str | None = Field(description="why it was refused")
    command: str | None
    block: int | None
    log_index: int | None
    at: str = Field(examples=[AT])
    link: str | None


class StreamShape(Shape):
    """Events by position; ``next`` is the position to go on after, ``head`` the last there is."""

    events: list[StreamedShape]
    next: int
    head: int
    as_of: AsOfShape


class SubscriberShape(Shape):
    """A reader of the stream whose place the node keeps."""

    id: str
    name: str
    owner: str = Field(examples=["clerk@carrier"])
    kind: Literal["sse", "webhook"]
    filter: dict[str, Any]
    acked: int
    url: str | None
    created_at: str | None = Field(examples=[AT])


class SubscribersShape(Shape):
    """Subscribers, by age."""

    subscribers: list[SubscriberShape]


class WebhookShape(SubscriberShape):
    """A webhook that was just made; ``secret`` is told this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class DeadLetterShape(Shape):
    """Events that a webhook's receiver did not take for a day."""

    id: str = Field(description="the message's webhook-id")
    subscriber: str
    name: str
    state: Literal["dead", "again"]
    positions: list[int]
    attempts: int
    last_error: str | None = Field(examples=["HTTP_500"])
    created_at: str | None = Field(examples=[AT])


class DeadLettersShape(Shape):
    """Dead letters, by age."""

    dead_letters: list[DeadLetterShape]


class RefusedShape(Shape):
    """Something that was refused: ``by`` the ledger's contract, or this member's own node."""

    by: Literal["contract", "node"]
    code: str = Field(examples=["NOT_THE_CONTROLLER"])
    sentence: str | None
    what_to_do: str | None
    facts: dict[str, Any]
    object: str | None
    verb: str | None
    principal: str | None
    digest: str | None
    block: int | None
    tx_hash: str | None
    at: str | None


class RefusalsShape(Shape):
    """Refusals, the latest first; object and principal of a contract's are only claimed."""

    refusals: list[RefusedShape]
    as_of: AsOfShape


class PickupShape(Shape):
    """A container's pickup right at this terminal, with what a lane needs to name it."""

    container: str = Field(examples=["MAEU6543213"])
    salt: str
    tag: str
    order: str
    right: str
    counter: int
    state: str = Field(examples=["ready"])
    terminal: str
    conditions: dict[str, bool]
    lien_free: bool
    held: bool
    interchanges: list[Literal["out", "in"]]
    released: bool


class PickupsShape(Shape):
    """A container's pickup rights, those that are ready first."""

    pickups: list[PickupShape]
    as_of: AsOfShape


class MemberShape(Shape):
    """A member as the ledger has it; names and addresses from its profile, where it is here."""

    id: str
    name: str | None = Field(examples=["Eastern Tide Lines"])
    name_zh: str | None = Field(examples=["东潮航运"])
    roles: list[str]
    status: str = Field(examples=["active"])
    counter: int
    profile: str


class MembersShape(Shape):
    """All members, by number."""

    members: list[MemberShape]
    as_of: AsOfShape


class MeShape(Shape):
    """Whose token this is, and whose node answers."""

    member: str
    name: str | None
    subject: str = Field(examples=["clerk@carrier"])
    roles: list[str]
    as_of: AsOfShape


class DocumentShape(Shape):
    """A document this member holds; who has ``seed`` can prove every field of it."""

    root: str
    schema_: str = Field(alias="schema")
    title: str | None
    source_member: str
    received_at: str | None
    seed: str
    numbering: dict[str, Any] | None
    document: dict[str, Any]


class HistoryShape(Shape):
    """A container's history: its titles, and everything that happened to them and their orders."""

    container: str
    titles: list[TitleShape]
    events: list[EventShape]
    as_of: AsOfShape


class UntoldShape(Shape):
    """Titles naming this authority's port of which the carrier has sent it nothing yet."""

    titles: list[TitleShape]
    as_of: AsOfShape


class HealthShape(Shape):
    """Whether the node does its work; reads answer also when the ledger does not."""

    status: Literal["ok", "degraded"]
    member: str
    ledger: dict[str, Any] = Field(examples=[{"reachable": True, "head": 512, "fault": None}])
    behind_blocks: int | None = Field(examples=[0])
    parts: dict[str, bool] = Field(examples=[{"api": True, "send": True}])
    as_of: AsOfShape


class ReadyShape(Shape):
    """This process takes requests."""

    ready: bool = Field(examples=[True])


class RebuiltTableShape(Shape):
    """One table: its rows now, and how many were not the same before."""

    name: str
    rows: int
    differing: int


class RebuiltShape(Shape):
    """What a rebuild did, up to which block."""

    height: int
    differing: int
    tables: list[RebuiltTableShape]
