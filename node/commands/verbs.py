"""Every verb that can be asked for: its body's format, facts for the policy, preparation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from identity.policy.decide import Facts
from node.attestations import checkpoints
from node.commands import members
from node.commands.bodies import B, Body
from node.commands.preparing import Context, Prepared
from node.council import acts as council
from node.council import motions
from node.devices import devices, equivocation, lanes
from node.releases import cancellation, conditions, holds, lane_acts, orders, rights, standing
from node.titles import amendment, freezes, hand_over, issue, pledges, rules, surrender

A = TypeVar("A")


@dataclass(frozen=True)
class Verb:
    """What the handler needs of one verb.

    Attributes:
        body: the format of its body.
        facts: what the policy is told; raises when the object is unknown.
        ahead: does, in a transaction that only reads, what takes long: checking and sealing
            documents. Its result goes to ``prepare``.
        prepare: states the act; raises what the contract would refuse, where that helps.
        policy: the verb's name in ``identity/policy/roles.json``.
        only_reads: ``prepare`` writes nothing, and is right whatever others write meanwhile.
    """

    body: type[Body]
    facts: Callable[[Context, Any], Facts]
    ahead: Callable[[Context, Any], Any]
    prepare: Callable[[Context, Any, Any], Prepared]
    policy: str
    only_reads: bool = False

    @property
    def looks_ahead(self) -> bool:
        """Whether ``ahead`` does anything."""
        return self.ahead is not _nothing_ahead


def _no_facts(context: Context, _: object) -> Facts:
    return Facts(node=context.member)


def _nothing_ahead(_: Context, __: object) -> None:
    return None


def _verb(
    name: str,
    body: type[B],
    prepare: Callable[[Context, B], Prepared],
    facts: Callable[[Context, B], Facts] = _no_facts,
    policy: str | None = None,
    only_reads: bool = True,
) -> tuple[str, Verb]:
    def prepare_alone(context: Context, read: B, _: None) -> Prepared:
        return prepare(context, read)

    return name, Verb(body, facts, _nothing_ahead, prepare_alone, policy or name, only_reads)


def _verb_of_document(
    name: str,
    body: type[B],
    ahead: Callable[[Context, B], A],
    prepare: Callable[[Context, B, A], Prepared],
    facts: Callable[[Context, B], Facts] = _no_facts,
) -> tuple[str, Verb]:
    return name, Verb(body, facts, ahead, prepare, name)


def _lane_act(name: str) -> tuple[str, Verb]:
    def prepare(context: Context, body: lane_acts.LaneActBody) -> Prepared:
        return lane_acts.prepare_lane_act(context, name, body)

    return _verb(name, lane_acts.LaneActBody, prepare, policy="SubmitLaneAct")


def _council_act(name: str) -> tuple[str, Verb]:
    def prepare(context: Context, body: council.CouncilActBody) -> Prepared:
        return council.prepare_council_act(context, name, body)

    return _verb(name, council.CouncilActBody, prepare, policy="SubmitCouncilAct")


TITLE_VERBS = (
    _verb_of_document("Issue", issue.IssueBody, issue.keep_bill, issue.prepare_issue),
    _verb(
        "Offer", hand_over.OfferBody, hand_over.prepare_offer, rules.title_facts, only_reads=False
    ),
    _verb_of_document(
        "Accept", hand_over.AcceptBody, hand_over.check_document, hand_over.prepare_accept,
        rules.answer_facts,
    ),
    _verb("Decline", hand_over.OfferAnswerBody, hand_over.prepare_end, rules.answer_facts),
    _verb("Withdraw", hand_over.OfferAnswerBody, hand_over.prepare_end, rules.answer_facts),
    _verb(
        "ReleasePledge", pledges.ReleasePledgeBody, pledges.prepare_release_pledge,
        rules.title_facts,
    ),
    _verb(
        "RecordDefault", pledges.RecordDefaultBody, pledges.prepare_record_default,
        rules.title_facts,
    ),
    _verb_of_document(
        "Surrender", surrender.SurrenderBody, surrender.keep_amended, surrender.prepare_surrender,
        rules.title_facts,
    ),
    _verb_of_document(
        "Amend", hand_over.OfferAnswerBody, amendment.check_amended, amendment.prepare_amend,
        rules.title_facts,
    ),
    _verb_of_document(
        "ConsentAmendment", hand_over.OfferAnswerBody, amendment.check_amended,
        amendment.prepare_consent_amendment, rules.title_facts,
    ),
    _verb(
        "ReturnFromPaper", surrender.ReturnFromPaperBody, surrender.prepare_return_from_paper,
        rules.title_facts, only_reads=False,
    ),
    _verb("VoidTitle", surrender.VoidBody, surrender.prepare_void, rules.title_facts),
    _verb("Freeze", freezes.TitleOrderBody, freezes.prepare_freeze, freezes.authority_facts),
    _verb("Lift", freezes.TitleOrderBody, freezes.prepare_lift, freezes.freezer_facts),
    _verb(
        "ProposeTransfer", freezes.ProposeTransferBody, freezes.prepare_propose_transfer,
        freezes.authority_facts,
    ),
    _verb(
        "ConfirmTransfer", freezes.ConfirmTransferBody, freezes.prepare_confirm_transfer,
        freezes.second_facts,
    ),
)  # fmt: skip

RELEASE_VERBS = (
    _verb_of_document(
        "OpenOrder", orders.OpenOrderBody, orders.keep_order, orders.prepare_open_order,
        rules.title_facts,
    ),
    _verb(
        "SetCondition", conditions.SetConditionBody, conditions.prepare_set_condition,
        conditions.condition_facts,
    ),
    _lane_act("GateOut"),
    _lane_act("ReturnEmpty"),
    _lane_act("RecordInterchange"),
    _verb(
        "TransferRight", rights.TransferRightBody, rights.prepare_transfer_right,
        standing.right_facts,
    ),
    _verb("AcceptRight", rights.AcceptRightBody, rights.prepare_accept_right, rights.offered_facts),
    _verb("HoldOrder", holds.HoldBody, holds.prepare_hold_order, standing.order_facts),
    _verb("LiftHold", holds.HoldBody, holds.prepare_lift_hold, holds.holder_facts),
    _verb(
        "ProposeReinstatement", rights.ProposeReinstatementBody,
        rights.prepare_propose_reinstatement, standing.right_facts,
    ),
    _verb(
        "ConfirmReinstatement", rights.ConfirmReinstatementBody,
        rights.prepare_confirm_reinstatement, standing.right_facts,
    ),
    _verb(
        "ProposeCancellation", cancellation.ProposeCancellationBody,
        cancellation.prepare_propose_cancellation, standing.order_facts,
    ),
    _verb(
        "ConfirmCancellation", cancellation.ConfirmCancellationBody,
        cancellation.prepare_confirm_cancellation, standing.order_facts,
    ),
)  # fmt: skip

DEVICE_VERBS = (
    _verb("RegisterLane", lanes.RegisterLaneBody, lanes.prepare_register_lane),
    _verb("RegisterDevice", devices.RegisterDeviceBody, devices.prepare_register_device),
    _verb("Calibrate", devices.CalibrateBody, devices.prepare_calibrate, devices.device_facts),
    _verb(
        "SuspendDevice", devices.SuspendDeviceBody, devices.prepare_suspend_device,
        devices.device_facts,
    ),
    _verb(
        "ResumeDevice", devices.ResumeDeviceBody, devices.prepare_resume_device,
        devices.device_facts,
    ),
    _verb(
        "CorrectReport", devices.CorrectReportBody, devices.prepare_correct_report,
        devices.device_facts,
    ),
    _verb(
        "ProveEquivocation", equivocation.ProveEquivocationBody,
        equivocation.prepare_prove_equivocation,
    ),
    _verb("Checkpoint", checkpoints.CheckpointBody, checkpoints.prepare_checkpoint),
    _verb("ReportSplit", checkpoints.ReportSplitBody, checkpoints.prepare_report_split),
)  # fmt: skip

MEMBER_VERBS = (
    _verb("AddKey", members.AddKeyBody, members.prepare_add_key),
    _verb("RevokeKey", members.RevokeKeyBody, members.prepare_revoke_key),
    _verb("UpdateProfile", members.UpdateProfileBody, members.prepare_update_profile),
    _verb("AcceptRulebook", members.AcceptRulebookBody, members.prepare_accept_rulebook),
    _verb("Delegate", members.DelegateBody, members.prepare_delegate),
    _verb("EndDelegation", members.EndDelegationBody, members.prepare_end_delegation),
)

COUNCIL_VERBS = tuple(_council_act(name) for name in sorted(motions.VERBS))

VERBS: Mapping[str, Verb] = dict(
    TITLE_VERBS + RELEASE_VERBS + DEVICE_VERBS + MEMBER_VERBS + COUNCIL_VERBS
)
