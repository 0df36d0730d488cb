"""Evidence of a real story: what a file proves, to whom, and what it says of its own limits."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.people import CONTAINER, OTHER_CONTAINER, hexed, key_of, member_id
from support.trade import Told

from identity.acts.words import OrderState, Outcome, RightState, TitleState
from node.chain.network import save
from node.errors import LedgerUnavailable
from node.evidence.errors import (
    NothingToProve,
    WitnessBehind,
    WitnessesMissing,
    WitnessRequestMalformed,
)
from node.evidence.export import Subject
from node.evidence.file import read
from node.evidence.report import in_words, to_json
from node.evidence.statements import Body
from node.evidence.verify import Verdict, verify
from node.evidence.witness import MAX_STATEMENTS

LADING = Path(sys.executable).with_name("lading")
STORY = [
    "Issue", "Accept", "Offer", "Withdraw", "Offer", "Accept", "ReleasePledge", "Offer", "Accept",
    "Surrender", "Accept", "OpenOrder", "RegisterLane", "GateOut", "SetCondition", "SetCondition",
    "SetCondition", "GateOut", "GateOut", "RecordInterchange", "RecordInterchange", "ReturnEmpty",
    "ReturnEmpty", "RecordInterchange", "RecordInterchange",
]  # fmt: skip
ABOUT_MEMBERS = {"AdmitMember", "AddKey", "RevokeKey"}


@pytest.fixture(scope="module")
def verdict(told: Told) -> Verdict:
    return verify(read(told.file), told.trade.network)


def test_a_containers_file_proves_who_signed_what_in_order(verdict: Verdict) -> None:
    assert verdict.proved
    verbs = [each.act.name for each in verdict.acts if each.act.name not in ABOUT_MEMBERS]
    assert verbs == STORY
    assert [each.place for each in verdict.acts] == sorted(each.place for each in verdict.acts)
    (surrender,) = [each for each in verdict.acts if each.act.name == "Surrender"]
    assert surrender.act.principal == member_id("consignee")
    assert surrender.key == key_of("consignee", "act").address


def test_the_acts_add_up_to_what_the_ledger_says(told: Told, verdict: Verdict) -> None:
    title = verdict.standing[verdict.title]
    assert (title.status, title.controller) == (TitleState.DELIVERED, bytes(32))
    assert verdict.holder == hexed(member_id("consignee"))
    assert verdict.pledgee is None
    assert verdict.order == hexed(told.trade.order)
    assert verdict.standing[verdict.order].status == OrderState.CLOSED
    right = verdict.standing[hexed(told.trade.right())]
    assert right.status == RightState.RETURNED


def test_an_early_gate_out_stands_in_the_file_as_refused(verdict: Verdict) -> None:
    outs = [each for each in verdict.acts if each.act.name == "GateOut"]
    assert [each.outcome for each in outs] == [
        Outcome.RECORDED_REFUSAL,
        Outcome.DONE,
        Outcome.DONE,
    ]
    assert f"GateOut of {CONTAINER} (refused and recorded: not released)" in in_words(verdict)


def test_the_file_shows_the_container_in_bill_and_order_and_no_other(verdict: Verdict) -> None:
    assert list(verdict.shown.tags.values()) == [CONTAINER]
    assert CONTAINER in verdict.shown.fields.values()
    assert OTHER_CONTAINER not in in_words(verdict)


def test_names_are_those_of_profiles_that_the_ledger_names(verdict: Verdict) -> None:
    assert verdict.shown.names[hexed(member_id("bank"))] == "Bank"
    assert "Surrender" in in_words(verdict)
    assert "signed by Consignee" in in_words(verdict)


def test_every_other_member_has_witnessed_the_last_block(told: Told, verdict: Verdict) -> None:
    last = told.evidence.blocks[-1]
    assert len(last.signatures) == 6
    # The bank's second key counts from its rotation on: it has not witnessed the blocks before.
    assert hexed(member_id("bank")) not in verdict.witnesses
    assert len(verdict.witnesses) == 5


def test_an_embedded_ledgers_file_says_who_ran_it(verdict: Verdict) -> None:
    assert "was run by the demonstration's host alone" in in_words(verdict)
    assert to_json(verdict)["operator"] == "the demonstration's host"


def test_without_a_trust_file_nothing_is_proved(told: Told) -> None:
    verdict = verify(read(told.file), None)
    assert not verdict.proved
    assert in_words(verdict).startswith("CONSISTENT, NOT PROVED")
    assert to_json(verdict)["verdict"] == "consistent, not proved"
    assert "whoever makes a ledger of their own" in in_words(verdict)


def test_a_status_is_as_of_a_height(told: Told, verdict: Verdict) -> None:
    before = verify(told.half_way, told.trade.network)
    assert before.proved
    assert before.height < verdict.height
    assert before.standing[before.title].status == TitleState.LIVE
    assert f"as of block {before.height}" in in_words(before)
    assert "Anything after that block." in in_words(before)


def test_a_file_that_leaves_out_a_surrendered_titles_order_says_so(told: Told) -> None:
    subject = replace(told.trade.subject(), order=None, containers=())
    verdict = verify(told.trade.exporter("bank").export(subject), told.trade.network)
    assert verdict.proved
    assert any("leaves its delivery order out" in each for each in to_json(verdict)["not_proved"])


def test_a_titles_file_shows_nothing_of_its_documents(told: Told) -> None:
    title, order = hexed(told.trade.title), hexed(told.trade.order)
    evidence = told.trade.exporter("bank").export(Subject(title, order))
    assert CONTAINER.encode() not in evidence.to_bytes()
    verdict = verify(evidence, told.trade.network)
    assert verdict.proved
    assert "no field of its document is shown" in in_words(verdict)


def test_an_old_trust_file_without_the_new_witness_key_still_proves(told: Told) -> None:
    bank = hexed(member_id("bank"))
    old = [each for each in told.trade.network.witnesses if each.member != bank]
    evidence = replace(told.evidence, blocks=(), statuses=())
    blocks = [replace(s, signatures=_without(s.signatures, bank)) for s in told.evidence.blocks]
    statuses = [replace(s, signatures=_without(s.signatures, bank)) for s in told.evidence.statuses]
    evidence = replace(evidence, blocks=tuple(blocks), statuses=tuple(statuses))
    assert verify(evidence, replace(told.trade.network, witnesses=tuple(old))).proved


def test_more_witnesses_can_be_asked_for(told: Told) -> None:
    from node.evidence.errors import WitnessesTooFew

    assert verify(told.evidence, told.trade.network, needed=5).proved
    with pytest.raises(WitnessesTooFew):
        verify(told.evidence, told.trade.network, needed=6)


def test_the_file_comes_back_from_its_bytes(told: Told) -> None:
    assert read(told.file) == told.evidence
    assert json.loads(told.file)["evidence"] == 1


def test_lading_verify_needs_the_file_and_network_json_alone(told: Told, tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_bytes(told.file)
    save(told.trade.network, tmp_path / "network.json")
    command = [LADING, "verify", "evidence.json", "--trust", "network.json"]
    run = subprocess.run(
        [*command, "--json"], cwd=tmp_path, env={}, capture_output=True, check=True
    )
    assert json.loads(run.stdout)["proved"] is True
    words = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, check=True)
    assert words.stdout.startswith(b"PROVED: container MAEU6543213")
    assert {path.name for path in tmp_path.iterdir()} == {"evidence.json", "network.json"}


def test_lading_verify_of_a_broken_file_ends_with_its_code(told: Told, tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_bytes(told.file[:-1])
    run = subprocess.run(
        [LADING, "verify", "evidence.json"], cwd=tmp_path, env={}, capture_output=True, check=False
    )
    assert run.returncode == 2
    assert run.stderr.startswith(b"EVIDENCE_MALFORMED: ")


def test_verify_imports_no_database_no_server_and_no_web3() -> None:
    script = (
        "import sys, node.evidence.verify, node.evidence.report\n"
        "print({m.partition('.')[0] for m in sys.modules}"
        " & {'sqlmodel', 'sqlalchemy', 'sqlite3', 'web3', 'fastapi', 'uvicorn', 'eth'})"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert run.stdout.strip() == b"set()"


def test_too_few_witnesses_make_no_file(told: Told) -> None:
    def silent(member: str, request: Body) -> Body:
        if member != hexed(member_id("terminal")):
            raise LedgerUnavailable("This node does not answer.")
        return told.trade.ask(member, request)

    exporter = replace(told.trade.exporter("customs"), ask=silent)
    with pytest.raises(WitnessesMissing) as refused:
        exporter.export(told.trade.subject())
    assert len(list(refused.value.facts["silent"])) == 4  # type: ignore[call-overload]


def test_a_witness_that_saw_something_else_is_left_out(told: Told) -> None:
    def lying(member: str, request: Body) -> Body:
        answer = told.trade.ask(member, request)
        if member == hexed(member_id("bank")):
            answer["statuses"] = list(reversed(answer["statuses"]))
        return answer

    exporter = replace(told.trade.exporter("customs"), ask=lying)
    evidence = exporter.export(told.trade.subject())
    assert hexed(member_id("bank")) not in evidence.statuses[0].signatures
    assert verify(evidence, told.trade.network).proved


def test_a_node_that_knows_no_act_of_a_title_has_nothing_to_prove(told: Told) -> None:
    with pytest.raises(NothingToProve):
        told.trade.exporter("customs").export(Subject("0x" + "ab" * 32))
    with pytest.raises(NothingToProve):
        told.trade.exporter("customs").export(Subject(hexed(told.trade.title), "0x" + "ab" * 32))


def test_a_witness_signs_no_block_that_it_has_not_seen_final(told: Told) -> None:
    height = told.evidence.export.body["height"] + 1
    request = {"heights": [height], "objects": [], "height": height}
    with pytest.raises(WitnessBehind):
        told.trade.ask(hexed(member_id("bank")), request)


@pytest.mark.parametrize(
    "request_",
    [
        None,
        {},
        {"heights": [], "objects": []},
        {"heights": [], "objects": [], "height": -1},
        {"heights": [], "objects": [], "height": True},
        {"heights": ["0x1"], "objects": [], "height": 1},
        {"heights": [], "objects": [{"kind": "bank", "object": "0x" + "00" * 32}], "height": 1},
        {"heights": [], "objects": [{"kind": "title", "object": "0x00"}], "height": 1},
        {"heights": [], "objects": [["title"]], "height": 1},
        {"heights": [1] * (MAX_STATEMENTS + 1), "objects": [], "height": 1},
    ],
)
def test_a_malformed_request_for_signatures_is_refused(told: Told, request_: Body) -> None:
    with pytest.raises(WitnessRequestMalformed):
        told.trade.ask(hexed(member_id("bank")), request_)


def test_the_longest_answer_of_a_witness_fits_a_peers_answer(told: Told) -> None:
    objects = [{"kind": "title", "object": hexed(told.trade.title)}] * 10
    height = told.evidence.export.body["height"]
    asked = {"heights": [height] * (MAX_STATEMENTS - 10), "objects": objects, "height": height}
    answer = told.trade.ask(hexed(member_id("bank")), asked)
    assert len(json.dumps(answer)) < 64 * 1024


def test_a_witness_says_nothing_of_a_time_before_the_contracts(told: Told) -> None:
    objects = [{"kind": "title", "object": hexed(told.trade.title)}]
    with pytest.raises(LedgerUnavailable):
        told.trade.ask(hexed(member_id("bank")), {"heights": [], "objects": objects, "height": 0})


def _without(signatures: object, member: str) -> dict[str, str]:
    assert isinstance(signatures, dict)
    return {name: signature for name, signature in signatures.items() if name != member}
