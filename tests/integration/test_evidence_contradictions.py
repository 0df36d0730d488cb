"""Evidence whose parts do not belong together: statements, proofs, disclosures, names."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from support.forger import (
    MEMBERS,
    edited,
    refusal,
)
from support.people import OTHER_CONTAINER, ROLES, hexed
from support.trade import Told

from node.evidence.file import EvidenceFile
from node.evidence.statements import STATUS, Signed, sign
from node.evidence.verify import verify
from privacy.commitments import SchemaRef, paths_below
from privacy.disclosures import Disclosure
from privacy.leaves import digest_of_paths

# --- statements that contradict each other ---


def test_two_anchors_of_one_height_contradict_each_other(told: Told) -> None:
    first = told.evidence.blocks[0]
    other = replace(first, body={**first.body, "block_hash": hexed(bytes(32))})
    forged = replace(told.evidence, blocks=(*told.evidence.blocks, other))
    assert refusal(forged, told.trade.network) == "BLOCK_CONTRADICTED"


def test_a_later_block_is_not_earlier(told: Told) -> None:
    def edit(data: Any) -> None:
        data["blocks"][0]["body"]["time"] = data["blocks"][-1]["body"]["time"] + 1

    assert refusal(edited(told.evidence, edit), told.trade.network) == "BLOCK_CONTRADICTED"


def test_a_true_status_of_another_height_is_refused(told: Told) -> None:
    """Signed by true witnesses before the surrender: the title is still live in it."""
    title = hexed(told.trade.title)
    earlier = next(s for s in told.half_way.statuses if s.body["object"] == title)
    statuses = tuple(earlier if s.body["object"] == title else s for s in told.evidence.statuses)
    forged = replace(told.evidence, statuses=statuses)
    assert refusal(forged, told.trade.network) == "BLOCK_CONTRADICTED"


def test_two_statuses_of_one_object_contradict_each_other(told: Told) -> None:
    first = told.evidence.statuses[0]
    forged = replace(told.evidence, statuses=(*told.evidence.statuses, first))
    assert refusal(forged, told.trade.network) == "BLOCK_CONTRADICTED"


def test_an_export_as_of_another_height_is_refused(told: Told) -> None:
    forged = replace(told.evidence, export=told.half_way.export)
    assert refusal(forged, told.trade.network) == "BLOCK_CONTRADICTED"


def test_true_witnesses_of_a_status_that_the_acts_deny_are_contradicted(told: Told) -> None:
    """All witnesses together lie: they still cannot make the acts say it."""
    title = hexed(told.trade.title)

    def lie(status: Signed) -> Signed:
        if status.body["object"] != title:
            return status
        body = {**status.body, "status": 2, "controller": MEMBERS["bank"]}
        keys = {name: told.trade.witness_key(name) for name in ROLES}
        return Signed(body, {MEMBERS[n]: sign(STATUS, body, key) for n, key in keys.items()})

    forged = replace(told.evidence, statuses=tuple(map(lie, told.evidence.statuses)))
    assert refusal(forged, told.trade.network) == "STATUS_CONTRADICTED"


# --- proofs ---


def test_a_receipts_proof_of_another_block_is_refused(told: Told) -> None:
    receipts = dict(told.evidence.receipts)
    one, other = sorted(receipts)[-2:]
    receipts[one], receipts[other] = receipts[other], receipts[one]
    forged = replace(told.evidence, receipts=receipts)
    assert refusal(forged, told.trade.network) == "RECEIPT_NOT_PROVED"


def test_a_receipts_proof_without_its_last_node_is_refused(told: Told) -> None:
    receipts = dict(told.evidence.receipts)
    place = max(receipts)
    receipts[place] = (b"\xc0", *receipts[place][1:])
    assert refusal(replace(told.evidence, receipts=receipts), told.trade.network) == (
        "RECEIPT_NOT_PROVED"
    )


def test_a_receipt_left_out_leaves_its_acts_unproved(told: Told) -> None:
    receipts = dict(told.evidence.receipts)
    del receipts[max(receipts)]
    assert refusal(replace(told.evidence, receipts=receipts), told.trade.network) == (
        "EVENT_NOT_PROVED"
    )


def test_a_receipt_twice_is_malformed(told: Told) -> None:
    def edit(data: Any) -> None:
        data["receipts"].append(data["receipts"][0])

    assert refusal(edited(told.evidence, edit), told.trade.network) == "EVIDENCE_MALFORMED"


def test_an_act_twice_is_malformed(told: Told) -> None:
    forged = replace(told.evidence, acts=(*told.evidence.acts, told.evidence.acts[0]))
    assert refusal(forged, told.trade.network) == "EVIDENCE_MALFORMED"


def test_an_act_with_another_acts_signature_is_not_signed(told: Told) -> None:
    acts = sorted(told.evidence.acts)
    (place, wire), (_, other) = acts[-1], acts[-2]
    acts[-1] = (place, wire[:-65] + other[-65:])
    assert refusal(replace(told.evidence, acts=tuple(acts)), told.trade.network) == (
        "ACT_NOT_SIGNED"
    )


def test_an_act_at_another_acts_place_is_not_proved(told: Told) -> None:
    acts = sorted(told.evidence.acts)
    (one, first), (other, second) = acts[-1], acts[-2]
    acts[-2:] = [(one, second), (other, first)]
    assert refusal(replace(told.evidence, acts=tuple(acts)), told.trade.network) == (
        "EVENT_NOT_PROVED"
    )


def test_a_file_about_another_title_than_its_acts_is_refused(told: Told) -> None:
    def edit(data: Any) -> None:
        data["export"]["body"]["title"] = hexed(sha256(b"another").digest())

    assert refusal(edited(told.evidence, edit), told.trade.network) == "ACT_OUT_OF_PLACE"


def test_an_order_of_another_title_is_refused(told: Told) -> None:
    def edit(data: Any) -> None:
        data["export"]["body"]["order"] = hexed(sha256(b"another").digest())

    assert refusal(edited(told.evidence, edit), told.trade.network) == "ACT_OUT_OF_PLACE"


# --- disclosures, containers, names ---


def both(told: Told) -> Disclosure:
    assert told.trade.tree is not None
    tree = told.trade.tree
    return tree.disclose(paths_below(tree.paths, {"utilizedTransportEquipments"}))


def with_disclosure(told: Told, disclosure: Disclosure) -> EvidenceFile:
    return replace(told.evidence, disclosures=(disclosure,))


def without_second(disclosure: Disclosure) -> Disclosure:
    """The second container's fields and paths left out, the digest of paths made anew."""
    gone = "utilizedTransportEquipments.1."
    paths = tuple(path for path in disclosure.paths if not path.startswith(gone))
    header = replace(disclosure.header, leaves=len(paths) + 1, paths_digest=digest_of_paths(paths))
    fields = tuple(f for f in disclosure.fields if not f.path.startswith(gone))
    return replace(disclosure, paths=paths, header=header, fields=fields)


def test_both_containers_disclosed_hold(told: Told) -> None:
    assert verify(with_disclosure(told, both(told)), told.trade.network).proved


def test_an_array_element_dropped_is_missed(told: Told) -> None:
    forged = with_disclosure(told, without_second(both(told)))
    assert refusal(forged, told.trade.network) == "ARRAY_INCOMPLETE"


def test_an_array_made_shorter_is_another_tree(told: Told) -> None:
    shorter = without_second(both(told))
    lengths = {
        path: 1 if path == "utilizedTransportEquipments" else length
        for path, length in shorter.header.lengths.items()
        if not path.startswith("utilizedTransportEquipments.1.")
    }
    shorter = replace(shorter, header=replace(shorter.header, lengths=lengths))
    assert refusal(with_disclosure(told, shorter), told.trade.network) == "ROOT_NOT_ON_LEDGER"


def test_a_field_shown_twice_is_refused(told: Told) -> None:
    shown = both(told)
    twice = replace(shown.fields[0], value="another")
    forged = replace(shown, fields=(*shown.fields, twice))
    assert refusal(with_disclosure(told, forged), told.trade.network) == "PATH_TWICE"


def test_a_path_twice_is_refused(told: Told) -> None:
    shown = both(told)
    forged = replace(shown, paths=(shown.paths[0], *shown.paths))
    assert refusal(with_disclosure(told, forged), told.trade.network) == "PATH_TWICE"


def test_a_laxer_schema_is_refused(told: Told) -> None:
    shown = both(told)
    header = replace(shown.header, schema=SchemaRef("anything-goes", bytes(32)))
    forged = with_disclosure(told, replace(shown, header=header))
    assert refusal(forged, told.trade.network) == "SCHEMA_NOT_KNOWN"


def test_another_containers_number_does_not_open_the_order(told: Told) -> None:
    number, salt = told.evidence.containers[0]
    forged = replace(told.evidence, containers=((OTHER_CONTAINER, salt),))
    assert refusal(forged, told.trade.network) == "CONTAINER_NOT_PROVED"
    forged = replace(told.evidence, containers=((number, bytes(32)),))
    assert refusal(forged, told.trade.network) == "CONTAINER_NOT_PROVED"


def test_a_container_that_nothing_shows_is_not_proved(told: Told) -> None:
    def edit(data: Any) -> None:
        data["containers"] = data["disclosures"] = []

    assert refusal(edited(told.evidence, edit), None) == "CONTAINER_NOT_PROVED"


def test_a_name_that_is_not_the_profiles_is_refused(told: Told) -> None:
    first = replace(told.evidence.profiles[0], name_en="Somebody Else")
    forged = replace(told.evidence, profiles=(first, *told.evidence.profiles[1:]))
    assert refusal(forged, told.trade.network) == "PROFILE_NOT_ON_LEDGER"
