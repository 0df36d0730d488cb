"""Forged evidence: consistent files, made with all of our code and none of the keys.

Each is refused by its own code. Where a forger has a key, it is one that was stolen and revoked,
or its own.
"""

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from ledger_process import running_ledger
from support.forger import (
    MEMBERS,
    OWN,
    acts_of,
    copier,
    decoded,
    edited,
    rebuilt,
    refusal,
    signed,
    signed_anew,
)
from support.people import BILL, ROLES, hexed, key_of, member_id
from support.trade import Told, found_trade

from identity.acts.typed import Act
from identity.acts.words import Direction
from node.documents.registry import TRANSPORT_DOCUMENT, schema_ref
from node.evidence.file import EvidenceFile, read
from node.evidence.statements import ANCHOR, STATUS, Signed, sign
from node.evidence.verify import verify
from privacy.commitments import commit, paths_below


def test_the_file_itself_holds(told: Told) -> None:
    assert verify(read(told.file), told.trade.network).proved


# --- a field changed and the tree recomputed ---


def changed_bill(told: Told) -> Any:
    bill = json.loads(BILL.read_bytes())
    bill["utilizedTransportEquipments"][0]["equipment"]["ISOEquipmentCode"] = "45G1"
    return commit(bill, schema_ref(TRANSPORT_DOCUMENT), sha256(b"seed of the bill").digest())


def test_a_changed_field_with_its_tree_recomputed_is_not_on_the_ledger(told: Told) -> None:
    tree = changed_bill(told)
    shown = tree.disclose(paths_below(tree.paths, {"utilizedTransportEquipments"}))
    forged = replace(told.evidence, disclosures=(shown,))
    assert refusal(forged, told.trade.network) == "ROOT_NOT_ON_LEDGER"


def test_an_issue_rewritten_for_the_changed_tree_is_signed_by_a_strangers_key(told: Told) -> None:
    tree = changed_bill(told)
    wires = acts_of(told.evidence)
    at = next(i for i, wire in enumerate(wires) if decoded(wire).name == "Issue")
    wires[at] = signed(told, decoded(wires[at]), OWN, root=tree.root)
    assert refusal(rebuilt(told, wires), told.trade.network) == "KEY_UNKNOWN"


def test_a_rewritten_issue_under_the_old_signature_is_not_the_events(told: Told) -> None:
    acts = [
        (place, wire[:-66] + bytes([wire[-66] ^ 1]) + wire[-65:])
        if decoded(wire).name == "Issue"
        else (place, wire)
        for place, wire in told.evidence.acts
    ]
    forged = replace(told.evidence, acts=tuple(acts))
    assert refusal(forged, told.trade.network) == "EVENT_NOT_PROVED"


# --- acts left out ---


def test_the_last_act_left_out_is_missed(told: Told) -> None:
    acts = sorted(told.evidence.acts)[:-1]
    forged = replace(told.evidence, acts=tuple(acts), follows=())
    assert refusal(forged, told.trade.network) == "HISTORY_INCOMPLETE"


def test_an_act_left_out_in_the_middle_leaves_a_gap(told: Told) -> None:
    acts = [each for each in told.evidence.acts if decoded(each[1]).name != "ReleasePledge"]
    forged = replace(told.evidence, acts=tuple(acts))
    assert refusal(forged, told.trade.network) == "HISTORY_GAP"


def test_a_condition_left_out_whole_is_missed(told: Told) -> None:
    acts = [each for each in told.evidence.acts if decoded(each[1]).name != "SetCondition"]
    ids = {hexed(decoded(wire).object) for _, wire in told.evidence.acts
           if decoded(wire).name == "SetCondition"}  # fmt: skip
    statuses = [s for s in told.evidence.statuses if s.body["object"] not in ids]
    forged = replace(told.evidence, acts=tuple(acts), statuses=tuple(statuses))
    assert refusal(forged, told.trade.network) == "HISTORY_INCOMPLETE"


def test_the_orders_closing_left_out_is_missed(told: Told) -> None:
    assert refusal(replace(told.evidence, follows=()), told.trade.network) == "HISTORY_INCOMPLETE"


def _hands_in(act: Act, right: str) -> bool:
    """Whether it is the last act on the right, the interchange in."""
    last = act.name == "RecordInterchange" and act.fields["direction"] == Direction.IN
    return last and hexed(act.object) == right


def test_statuses_made_to_fit_what_is_left_are_not_signed(told: Told) -> None:
    right = hexed(told.trade.right())
    acts = [
        (place, wire) for place, wire in told.evidence.acts if not _hands_in(decoded(wire), right)
    ]

    def fitting(status: Signed) -> Signed:
        if status.body["object"] != right:
            return status
        body = {**status.body, "counter": status.body["counter"] - 1}
        return replace(status, body=body)

    statuses = tuple(fitting(status) for status in told.evidence.statuses)
    forged = replace(told.evidence, acts=tuple(acts), statuses=statuses)
    assert refusal(forged, told.trade.network) == "WITNESS_NOT_TRUSTED"


# --- other councils, keys and networks ---


@pytest.fixture(scope="module")
def rogue(told: Told, tmp_path_factory: pytest.TempPathFactory) -> EvidenceFile:
    """A file of a ledger of the forger's own: same network id, genesis, addresses, member ids."""
    folder = tmp_path_factory.mktemp("rogue")
    with running_ledger(folder) as url:
        trade = found_trade(folder / "members", url, " of the forger", told.trade.network)
        try:
            trade.issue()
            made = trade.exporter("customs").export(trade.subject())
        finally:
            trade.close()
    genesis = told.trade.network.genesis

    def pretend(kind: str, statement: Signed) -> Signed:
        body = {**statement.body, "genesis": genesis}
        keys = {MEMBERS[name]: trade.witness_key(name) for name in ROLES}
        return Signed(body, {member: sign(kind, body, keys[member]) for member in keys})

    return replace(
        made,
        network=replace(made.network, genesis=genesis),
        blocks=tuple(pretend(ANCHOR, block) for block in made.blocks),
        statuses=tuple(pretend(STATUS, status) for status in made.statuses),
    )


def test_an_own_council_from_genesis_is_unknown(told: Told, rogue: EvidenceFile) -> None:
    assert refusal(rogue, told.trade.network) == "COUNCIL_UNKNOWN"


def test_an_own_council_does_not_have_the_networks_id(told: Told, rogue: EvidenceFile) -> None:
    assert refusal(rogue, None) == "NETWORK_MALFORMED"


def test_the_true_councils_acts_do_not_cover_an_own_members_key(told: Told) -> None:
    """The forger keeps the admissions and signs all else with keys of its own."""
    wires = [
        wire if decoded(wire).name == "AdmitMember" else signed(told, decoded(wire), OWN)
        for wire in acts_of(told.evidence)
    ]
    assert refusal(rebuilt(told, wires), told.trade.network) == "KEY_UNKNOWN"


def test_an_admission_by_one_seat_alone_does_not_count(told: Told) -> None:
    wires = acts_of(told.evidence)
    first = wires[0]
    forger = copier(told.trade.network, told.evidence, {}, MEMBERS["customs"])
    wires = [
        wire for wire in wires if decoded(wire).object != decoded(first).object or wire == first
    ]
    forger.outcomes[first] = forger.outcomes[wires[1]].DONE
    assert refusal(forger.build(told.evidence, wires), told.trade.network) == "COUNCIL_UNKNOWN"


def revoked_act(told: Told) -> bytes:
    """The shipper's revoked act key was stolen; it offers the title once more."""
    wires = acts_of(told.evidence)
    offer = [decoded(wire) for wire in wires if decoded(wire).name == "Offer"][-1]
    counters = [decoded(wire).counter for wire in wires if decoded(wire).object == offer.object]
    return signed(told, offer, key_of("shipper", "act"), counter=max(counters) + 1)


def test_an_act_of_a_revoked_key_is_refused(told: Told) -> None:
    wires = [*acts_of(told.evidence), revoked_act(told)]
    assert refusal(rebuilt(told, wires), told.trade.network) == "KEY_REVOKED"


def test_the_revocation_left_out_is_missed(told: Told) -> None:
    acts = [
        each
        for each in told.evidence.acts
        if (decoded(each[1]).name, decoded(each[1]).object) != ("RevokeKey", member_id("shipper"))
    ]
    forged = replace(told.evidence, acts=tuple(acts))
    assert refusal(forged, told.trade.network) == "HISTORY_INCOMPLETE"


@pytest.mark.parametrize("name", ["chain_id", "network_id", "genesis", "contracts"])
def test_a_file_of_another_network_is_refused(told: Told, name: str) -> None:
    known = told.trade.network
    addresses = {**known.contracts, "Titles": known.contracts["Releases"]}
    others: dict[str, Any] = {
        "chain_id": known.chain_id + 1,
        "network_id": hexed(bytes(32)),
        "genesis": hexed(bytes(32)),
        "contracts": addresses,
    }
    trust = replace(known, **{name: others[name]})
    assert refusal(told.evidence, trust) == "NETWORK_MISMATCH"


def test_acts_signed_for_another_network_are_not_signed_for_this_one(told: Told) -> None:
    """The members' own signatures, from a network where they only tried things out."""
    trial = replace(told.trade.network, network_id=hexed(sha256(b"trial").digest()))
    forger = copier(told.trade.network, told.evidence, {}, MEMBERS["customs"])
    forger.network = trial
    forged = replace(
        forger.build(told.evidence, acts_of(told.evidence)), network=told.trade.network
    )
    assert refusal(forged, told.trade.network) == "ACT_NOT_SIGNED"


def test_anchors_of_another_chain_are_refused(told: Told) -> None:
    def edit(data: Any) -> None:
        data["blocks"][0]["body"]["chain_id"] += 1

    assert refusal(edited(told.evidence, edit), told.trade.network) == "NETWORK_MISMATCH"


# --- witnesses ---


def only(statements: tuple[Signed, ...], *names: str) -> tuple[Signed, ...]:
    members = {MEMBERS[name] for name in names}
    return tuple(
        replace(s, signatures={m: given for m, given in s.signatures.items() if m in members})
        for s in statements
    )


def test_anchors_all_by_the_exporter_are_not_independent(told: Told) -> None:
    forged = replace(told.evidence, blocks=only(told.evidence.blocks, "customs"))
    assert refusal(forged, told.trade.network) == "WITNESSES_NOT_INDEPENDENT"


def test_anchors_by_the_exporter_and_who_benefits_are_not_independent(told: Told) -> None:
    names = ("customs", "consignee", "carrier")
    forged = replace(told.evidence, blocks=only(told.evidence.blocks, *names))
    assert refusal(forged, told.trade.network) == "WITNESSES_NOT_INDEPENDENT"


def test_statuses_all_by_the_exporter_are_not_independent(told: Told) -> None:
    forged = replace(told.evidence, statuses=only(told.evidence.statuses, "customs"))
    assert refusal(forged, told.trade.network) == "WITNESSES_NOT_INDEPENDENT"


def test_one_witness_is_too_few(told: Told) -> None:
    forged = replace(told.evidence, blocks=only(told.evidence.blocks, "terminal"))
    assert refusal(forged, told.trade.network) == "WITNESSES_TOO_FEW"


def test_no_witness_is_too_few(told: Told) -> None:
    forged = replace(told.evidence, statuses=only(told.evidence.statuses))
    assert refusal(forged, told.trade.network) == "WITNESSES_TOO_FEW"


def test_a_witness_key_revoked_before_that_height_does_not_count(told: Told) -> None:
    """The bank's and the terminal's old keys were stolen; the file's network.json has them."""
    known = told.trade.network
    stolen = {MEMBERS[name]: key_of(name, "witness") for name in ("bank", "terminal")}
    ended = [
        replace(given, until_height=1) if given.member == MEMBERS["terminal"] else given
        for given in known.witnesses
    ]
    left_out = [
        wire
        for wire in acts_of(told.evidence)
        if (decoded(wire).name, decoded(wire).object) != ("RevokeKey", member_id("bank"))
    ]
    stolen[MEMBERS["customs"]] = key_of("customs", "witness")  # the forger's own
    forged = copier(known, told.evidence, stolen, MEMBERS["customs"]).build(told.evidence, left_out)
    forged = replace(
        forged,
        network=replace(known, witnesses=tuple(replace(w, until_height=None) for w in ended)),
    )
    assert refusal(forged, replace(known, witnesses=tuple(ended))) == "WITNESS_NOT_TRUSTED"


def test_a_revocation_in_the_file_counts_even_where_the_trust_file_is_older(told: Told) -> None:
    old = tuple(replace(given, until_height=None) for given in told.trade.network.witnesses)
    key = key_of("bank", "witness")
    forged = signed_anew(told.evidence, MEMBERS["bank"], key)
    trust = replace(told.trade.network, witnesses=old)
    assert refusal(forged, trust) == "WITNESS_NOT_TRUSTED"


def test_a_signature_under_another_members_name_does_not_count(told: Told) -> None:
    def edit(data: Any) -> None:
        first = next(
            s for s in data["statuses"][0]["signatures"] if s["member"] == MEMBERS["shipper"]
        )
        other = next(
            s for s in data["statuses"][0]["signatures"] if s["member"] == MEMBERS["carrier"]
        )
        first["signature"] = other["signature"]

    assert refusal(edited(told.evidence, edit), told.trade.network) == "WITNESS_NOT_TRUSTED"


def test_a_member_signs_a_statement_once(told: Told) -> None:
    def edit(data: Any) -> None:
        signatures = data["blocks"][0]["signatures"]
        signatures.append(signatures[0])

    assert refusal(edited(told.evidence, edit), told.trade.network) == "EVIDENCE_MALFORMED"


def test_a_stranger_as_witness_does_not_count(told: Told) -> None:
    forged = signed_anew(told.evidence, MEMBERS["terminal"], OWN)
    assert refusal(forged, told.trade.network) == "WITNESS_NOT_TRUSTED"


def test_an_export_in_another_members_name_is_refused(told: Told) -> None:
    def edit(data: Any) -> None:
        data["export"]["body"]["exporter"] = MEMBERS["bank"]
        data["export"]["signatures"][0]["member"] = MEMBERS["bank"]

    assert refusal(edited(told.evidence, edit), told.trade.network) == "WITNESS_NOT_TRUSTED"
