"""Lives of titles in which every Titles verb is used where it costs most.

The members are in different words of the ties (ten members a word), a member that has nothing else
to do with them relays, and the branches of each verb that look up most are taken.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from eth_hash.auto import keccak
from founded import NOBODY, PORT_OF_DISCHARGE, PORT_OF_LOADING, WAITING
from gas_ledger import HOLDERS, RELAYER, Cost, GasLedger

from identity.acts.typed import Value
from identity.acts.types import ACT_TYPES, UNCOUNTED
from identity.acts.words import Capacity, Endorsement, SurrenderPurpose, TitleKind

CARRIER, SHIPPER, BANK = "carrier", "shipper", "bank"
CUSTOMS, OTHER_CUSTOMS = "customs", "customs of the loading port"
BUYER, NEXT = HOLDERS[17], HOLDERS[38]
WAITED = 1 + max(WAITING.enforcement_seconds, WAITING.transfer_seconds)
OFFER_SECONDS = 7 * 86_400
DELEGATION_SECONDS = 30 * 86_400


@dataclass
class Bill:
    """A title of this bench: what its next act must name."""

    id: bytes = field(default_factory=lambda: os.urandom(32))
    root: bytes = field(default_factory=lambda: os.urandom(32))
    amended: bytes = field(default_factory=lambda: os.urandom(32))
    counter: int = 0
    last: bytes = NOBODY


class Trade:
    """Acts on bills, each measured in a scene's name."""

    def __init__(self, ledger: GasLedger) -> None:
        self.ledger = ledger
        self.scene = ""
        self._delegations: dict[str, bytes] = {}

    def delegate(self, *principals: str) -> None:
        """From now on the relayer acts for these members, under a delegation of each."""
        verbs = sum(
            1 << act.code
            for act in ACT_TYPES.values()
            if act.contract == "Titles" and act.delegable
        )
        until = self.ledger.now() + DELEGATION_SECONDS
        for principal in principals:
            digest, wire = self.ledger.act(
                principal,
                "Delegate",
                self.ledger.id(principal),
                self.ledger.counter_of(principal),
                delegate=self.ledger.id(RELAYER),
                verbs=verbs,
                title=NOBODY,
                until=until,
            )
            self.ledger.submit("Membership", wire)
            self._delegations[principal] = digest

    def wire(self, bill: Bill, who: str, verb: str, **fields: Value) -> bytes:
        """Return the bill's next act, and count it as done."""
        counter = 0 if verb in UNCOUNTED else bill.counter
        key = None
        if who in self._delegations and verb not in UNCOUNTED:
            key = self.ledger.founded.members[RELAYER].act
            fields |= {"delegation": self._delegations[who]}
        bill.last, wire = self.ledger.act(who, verb, bill.id, counter, key, **fields)
        bill.counter += 1
        return wire

    def do(self, bill: Bill, who: str, verb: str, note: str = "", /, **fields: Value) -> None:
        """Relay and measure the bill's next act."""
        scene = f"{self.scene}, {note}" if note else self.scene
        self.ledger.measure(verb, scene, "Titles", self.wire(bill, who, verb, **fields))

    def issue(self, bill: Bill, kind: TitleKind, party: str | None, to: str = SHIPPER) -> None:
        """The carrier issues it, offered to its first holder."""
        self.do(
            bill, CARRIER, "Issue", kind.name.lower(), **self.issue_fields(bill, kind, party, to)
        )

    def issue_fields(
        self, bill: Bill, kind: TitleKind, party: str | None, to: str
    ) -> dict[str, Value]:
        """Return the own fields of the bill's issue."""
        return {
            "kind": int(kind),
            "party": self.ledger.id(party) if party else NOBODY,
            "holder": self.ledger.id(to),
            "deadline": self.ledger.now() + OFFER_SECONDS,
            "loading": PORT_OF_LOADING,
            "discharge": PORT_OF_DISCHARGE,
            "root": bill.root,
        }

    def offer_fields(
        self,
        bill: Bill,
        to: str,
        capacity: Capacity = Capacity.HOLDER,
        endorsement: Endorsement = Endorsement.NONE,
    ) -> dict[str, Value]:
        """Return the own fields of an offer."""
        return {
            "to": self.ledger.id(to),
            "capacity": int(capacity),
            "endorsement": int(endorsement),
            "deadline": self.ledger.now() + OFFER_SECONDS,
            "root": bill.root,
        }

    def offer(
        self,
        bill: Bill,
        who: str,
        to: str,
        note: str = "",
        capacity: Capacity = Capacity.HOLDER,
        endorsement: Endorsement = Endorsement.NONE,
    ) -> None:
        """Somebody offers it."""
        self.do(bill, who, "Offer", note, **self.offer_fields(bill, to, capacity, endorsement))

    def accept(self, bill: Bill, who: str, note: str = "") -> None:
        """The other side accepts the last act on it."""
        self.do(bill, who, "Accept", note, offer=bill.last, root=bill.root)

    def held(self, to: str, kind: TitleKind = TitleKind.ORDER, party: str | None = None) -> Bill:
        """Return a live bill that ``to`` holds."""
        bill = Bill()
        self.issue(bill, kind, party, to)
        self.accept(bill, to, "first holder")
        return bill

    def pledged(self, holder: str) -> Bill:
        """Return a live bill that is pledged to the bank."""
        bill = self.held(holder)
        self.offer(bill, holder, BANK, "as security", capacity=Capacity.PLEDGEE)
        self.accept(bill, BANK, "as pledgee")
        return bill

    def defaulted(self, holder: str) -> Bill:
        """Return a pledged bill on which the bank may enforce, once the waiting time is over."""
        bill = self.pledged(holder)
        self.do(bill, BANK, "RecordDefault", notice=os.urandom(32))
        return bill

    def surrender(self, bill: Bill, who: str, purpose: SurrenderPurpose) -> None:
        """The controller surrenders it."""
        amends = purpose is SurrenderPurpose.AMENDMENT
        self.do(
            bill,
            who,
            "Surrender",
            f"for {purpose.name.lower()}",
            purpose=int(purpose),
            root=bill.root,
            amended=bill.amended if amends else NOBODY,
            deadline=self.ledger.now() + OFFER_SECONDS,
        )

    def freeze(self, bill: Bill, order: bytes) -> None:
        """Customs of the port of discharge freezes it under an order."""
        self.do(bill, CUSTOMS, "Freeze", port=PORT_OF_DISCHARGE, order=order)

    def lift(self, bill: Bill, order: bytes) -> None:
        """It lifts its freeze."""
        self.do(bill, CUSTOMS, "Lift", port=PORT_OF_DISCHARGE, order=order)

    def give_back(self, bill: Bill, to: str) -> None:
        """The carrier returns it from paper."""
        fields: dict[str, Value] = {"holder": self.ledger.id(to), "root": bill.root}
        fields["deadline"] = self.ledger.now() + OFFER_SECONDS
        self.do(bill, CARRIER, "ReturnFromPaper", **fields)

    def propose(self, bill: Bill, order: bytes, to: str, ends_lien: bool) -> None:
        """The freezing authority proposes a transfer."""
        fields: dict[str, Value] = {"port": PORT_OF_DISCHARGE, "order": order}
        fields |= {"to": self.ledger.id(to), "endsLien": int(ends_lien)}
        self.do(bill, CUSTOMS, "ProposeTransfer", **fields)


def tell(trade: Trade) -> None:
    """Tell every life once."""
    for life in (_declined, _handed_over, _enforced, _amended, _on_paper, _by_order):
        trade.scene = life.__name__.strip("_").replace("_", " ")
        life(trade)


def _declined(trade: Trade) -> None:
    bill = Bill()
    trade.issue(bill, TitleKind.STRAIGHT, BUYER)
    trade.do(bill, SHIPPER, "Decline", offer=bill.last)
    trade.offer(bill, CARRIER, SHIPPER, "issued")
    trade.do(bill, CARRIER, "Withdraw", "issued", offer=bill.last)
    trade.offer(bill, CARRIER, SHIPPER, "issued")
    trade.do(bill, CARRIER, "VoidTitle", "with an open offer", reason=os.urandom(32))


def _handed_over(trade: Trade) -> None:
    bill = trade.held(SHIPPER, party=SHIPPER)
    trade.offer(bill, SHIPPER, BUYER, "by name", endorsement=Endorsement.NAMED)
    trade.do(bill, BUYER, "Decline", offer=bill.last)
    trade.offer(bill, SHIPPER, BUYER, "by name", endorsement=Endorsement.NAMED)
    trade.do(bill, SHIPPER, "Withdraw", offer=bill.last)
    trade.offer(bill, SHIPPER, BUYER, "by name", endorsement=Endorsement.NAMED)
    trade.accept(bill, BUYER, "by name")
    trade.offer(bill, BUYER, NEXT, "in blank", endorsement=Endorsement.BLANK)
    trade.accept(bill, NEXT, "in blank")
    trade.surrender(bill, NEXT, SurrenderPurpose.DELIVERY)
    trade.do(bill, CARRIER, "Decline", "a surrender", offer=bill.last)
    trade.surrender(bill, NEXT, SurrenderPurpose.DELIVERY)
    trade.accept(bill, CARRIER, "a surrender")
    straight = trade.held(SHIPPER, TitleKind.STRAIGHT, BUYER)
    trade.offer(straight, SHIPPER, BUYER, "straight")
    trade.accept(straight, BUYER, "straight")


def _enforced(trade: Trade) -> None:
    bill, second = trade.defaulted(BUYER), trade.defaulted(BUYER)
    trade.ledger.pass_time(WAITED)
    trade.offer(bill, BANK, NEXT, "by an enforcing pledgee", endorsement=Endorsement.NAMED)
    trade.accept(bill, NEXT, "from an enforcing pledgee")
    trade.surrender(second, BANK, SurrenderPurpose.DELIVERY)
    trade.accept(second, CARRIER, "a pledgee's surrender")


def _amended(trade: Trade) -> None:
    bill = trade.pledged(BUYER)
    trade.surrender(bill, BUYER, SurrenderPurpose.AMENDMENT)
    trade.do(bill, BUYER, "Withdraw", "an amendment", offer=keccak(bill.last + bill.amended))
    trade.surrender(bill, BUYER, SurrenderPurpose.AMENDMENT)
    surrendered = bill.last
    trade.do(bill, BANK, "ConsentAmendment", offer=surrendered, amended=bill.amended)
    trade.do(bill, CARRIER, "Amend", offer=surrendered, root=bill.amended)
    bill.root = bill.amended
    trade.do(bill, BANK, "ReleasePledge", root=bill.root)


def _on_paper(trade: Trade) -> None:
    bill = trade.held(BUYER, party=BUYER)
    trade.surrender(bill, BUYER, SurrenderPurpose.PAPER)
    trade.accept(bill, CARRIER, "for paper")
    trade.give_back(bill, NEXT)
    trade.accept(bill, NEXT, "out of paper")


def _by_order(trade: Trade) -> None:
    bill, orders = trade.pledged(BUYER), [os.urandom(32) for _ in range(2)]
    for order in orders:
        trade.freeze(bill, order)
    trade.lift(bill, orders[0])
    trade.ledger.pass_time(WAITED)
    trade.propose(bill, orders[1], NEXT, True)
    fields: dict[str, Value] = {"port": PORT_OF_LOADING, "order": orders[1], "proposal": bill.last}
    trade.do(bill, OTHER_CUSTOMS, "ConfirmTransfer", **fields)


def carry_over(ledger: GasLedger) -> list[Cost]:
    """Use titles of the first version in the second, each verb on one not yet used there.

    An acceptance is no title's first use: open offers lapse with a version.
    """
    uses = _prepared(Trade(ledger))
    ledger.pass_time(WAITED)
    ledger.succeed_titles()
    before = len(ledger.costs)
    for use in uses:
        use()
    return ledger.costs[before:]


def _prepared(trade: Trade) -> list[Callable[[], None]]:
    """Bring titles to where a verb can be used on them; return the uses."""
    trade.scene = "carried over"
    order = os.urandom(32)
    issued, voided = Bill(), Bill()
    for bill in (issued, voided):
        trade.issue(bill, TitleKind.ORDER, None)
    live, given, paper, returned = (trade.held(BUYER, party=BUYER) for _ in range(4))
    trade.surrender(returned, BUYER, SurrenderPurpose.PAPER)
    trade.accept(returned, CARRIER)
    released, defaulted = (trade.pledged(BUYER) for _ in range(2))
    sold, enforced = (trade.defaulted(BUYER) for _ in range(2))
    frozen, lifted, moved = (trade.pledged(BUYER) for _ in range(3))
    for bill in (lifted, moved):
        trade.freeze(bill, order)
    return [
        lambda: trade.offer(issued, CARRIER, SHIPPER),
        lambda: trade.do(voided, CARRIER, "VoidTitle", reason=order),
        lambda: trade.offer(live, BUYER, NEXT, "by name", endorsement=Endorsement.NAMED),
        lambda: trade.surrender(given, BUYER, SurrenderPurpose.DELIVERY),
        lambda: trade.surrender(paper, BUYER, SurrenderPurpose.AMENDMENT),
        lambda: trade.give_back(returned, NEXT),
        lambda: trade.do(released, BANK, "ReleasePledge", root=released.root),
        lambda: trade.do(defaulted, BANK, "RecordDefault", notice=order),
        lambda: trade.offer(sold, BANK, NEXT, "sold", endorsement=Endorsement.NAMED),
        lambda: trade.surrender(enforced, BANK, SurrenderPurpose.DELIVERY),
        lambda: trade.freeze(frozen, order),
        lambda: trade.lift(lifted, order),
        lambda: trade.propose(moved, order, NEXT, True),
    ]
