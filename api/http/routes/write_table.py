"""Every write of the API, as one table: the address, the verb, an example of the body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from node.commands.verbs import VERBS
from node.council.acts import CouncilActBody
from node.releases.lane_acts import LaneActBody

EXAMPLE_ID = "0x" + "5f" * 32
EXAMPLE_WIRE = "0x42" + "00" * 65
EXAMPLE_MOMENT = 1_893_456_000
OFFER = {"offer": EXAMPLE_ID}
PROPOSAL = {"proposal": EXAMPLE_ID}
LEGAL_ORDER = {"legal_order": EXAMPLE_ID}
LANE_ACT = "LaneAct"
COUNCIL_ACT = "CouncilAct"
SIGNED_ELSEWHERE: Mapping[str, type[BaseModel]] = {
    LANE_ACT: LaneActBody,
    COUNCIL_ACT: CouncilActBody,
}
"""Writes whose act was signed already: the act says which verb it is."""


@dataclass(frozen=True)
class Write:
    """One write: ``POST path`` does ``verb``; ``example`` is a body without the path's fields."""

    path: str
    verb: str
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> type[BaseModel]:
        """The verb's body, the address's fields among it."""
        return SIGNED_ELSEWHERE.get(self.verb) or VERBS[self.verb].body


ON_TITLES = (
    Write(
        "/v1/titles",
        "Issue",
        {
            "document": {"transportDocumentReference": "HHL71800000", "isToOrder": True},
            "holder": EXAMPLE_ID,
            "deadline_seconds": 86_400,
        },
    ),
    Write(
        "/v1/titles/{title}/offers",
        "Offer",
        {"to": EXAMPLE_ID, "capacity": "holder", "endorsement": "blank"},
    ),
    Write("/v1/titles/{title}/accept", "Accept", OFFER),
    Write("/v1/titles/{title}/decline", "Decline", OFFER),
    Write("/v1/titles/{title}/withdraw", "Withdraw", OFFER),
    Write("/v1/titles/{title}/release-pledge", "ReleasePledge"),
    Write("/v1/titles/{title}/default", "RecordDefault", {"notice": EXAMPLE_ID}),
    Write("/v1/titles/{title}/surrender", "Surrender", {"purpose": "delivery"}),
    Write("/v1/titles/{title}/amend", "Amend", OFFER),
    Write("/v1/titles/{title}/consent-amendment", "ConsentAmendment", OFFER),
    Write("/v1/titles/{title}/return-from-paper", "ReturnFromPaper", {"holder": EXAMPLE_ID}),
    Write("/v1/titles/{title}/void", "VoidTitle"),
    Write("/v1/titles/{title}/freeze", "Freeze", LEGAL_ORDER),
    Write("/v1/titles/{title}/lift", "Lift", LEGAL_ORDER),
    Write(
        "/v1/titles/{title}/propose-transfer",
        "ProposeTransfer",
        {**LEGAL_ORDER, "to": EXAMPLE_ID, "ends_lien": True},
    ),
    Write("/v1/titles/{title}/confirm-transfer", "ConfirmTransfer", {**LEGAL_ORDER, **PROPOSAL}),
)

ON_RELEASES = (
    Write(
        "/v1/titles/{title}/orders",
        "OpenOrder",
        {"terminal": EXAMPLE_ID, "conditions": [{"kind": "freight", "member": EXAMPLE_ID}]},
    ),
    Write("/v1/orders/{order}/conditions/{kind}", "SetCondition", {"met": True}),
    Write("/v1/orders/{order}/hold", "HoldOrder", LEGAL_ORDER),
    Write("/v1/orders/{order}/lift-hold", "LiftHold", LEGAL_ORDER),
    Write("/v1/orders/{order}/propose-cancellation", "ProposeCancellation"),
    Write("/v1/orders/{order}/confirm-cancellation", "ConfirmCancellation", PROPOSAL),
    Write("/v1/rights/{right}/transfer", "TransferRight", {"to": EXAMPLE_ID}),
    Write("/v1/rights/{right}/accept", "AcceptRight", OFFER),
    Write(
        "/v1/rights/{right}/propose-reinstatement", "ProposeReinstatement", {"report": EXAMPLE_ID}
    ),
    Write("/v1/rights/{right}/confirm-reinstatement", "ConfirmReinstatement", PROPOSAL),
    Write("/v1/lane-acts", LANE_ACT, {"act": EXAMPLE_WIRE}),
)

ON_DEVICES = (
    Write(
        "/v1/lanes",
        "RegisterLane",
        {"key": "0x" + "7e" * 20, "port": 1, "calibrated_until": EXAMPLE_MOMENT},
    ),
    Write(
        "/v1/devices",
        "RegisterDevice",
        {"key": EXAMPLE_ID, "kind": "scale", "port": 1, "calibrated_until": EXAMPLE_MOMENT},
    ),
    Write(
        "/v1/devices/{device}/calibrate",
        "Calibrate",
        {"calibrated_until": EXAMPLE_MOMENT, "certificate": EXAMPLE_ID},
    ),
    Write("/v1/devices/{device}/suspend", "SuspendDevice", {"reports": EXAMPLE_ID}),
    Write("/v1/devices/{device}/resume", "ResumeDevice", {"reason": EXAMPLE_ID}),
    Write(
        "/v1/devices/{device}/correct-report",
        "CorrectReport",
        {"wrong": EXAMPLE_ID, "right": "0x" + "60" * 32},
    ),
    Write(
        "/v1/devices/{device}/prove-equivocation",
        "ProveEquivocation",
        {"first": EXAMPLE_WIRE, "second": EXAMPLE_WIRE},
    ),
    Write("/v1/checkpoints", "Checkpoint", {"size": 1, "root": EXAMPLE_ID}),
    Write(
        "/v1/splits",
        "ReportSplit",
        {
            "owner": EXAMPLE_ID,
            "origin": EXAMPLE_ID,
            "first": EXAMPLE_WIRE,
            "second": EXAMPLE_WIRE,
        },
    ),
)

ON_THE_MEMBER = (
    Write("/v1/keys", "AddKey", {"key": EXAMPLE_ID, "purpose": "relay", "valid_from": 0}),
    Write("/v1/keys/{key}/revoke", "RevokeKey"),
    Write("/v1/profile", "UpdateProfile", {"profile": EXAMPLE_ID}),
    Write("/v1/rulebook/accept", "AcceptRulebook", {"rulebook": EXAMPLE_ID}),
    Write(
        "/v1/delegations",
        "Delegate",
        {"delegate": EXAMPLE_ID, "verbs": ["Surrender"], "until": EXAMPLE_MOMENT},
    ),
    Write("/v1/delegations/{given}/end", "EndDelegation"),
    Write("/v1/council-acts", COUNCIL_ACT, {"act": EXAMPLE_WIRE}),
)

WRITES = ON_TITLES + ON_RELEASES + ON_DEVICES + ON_THE_MEMBER
