"""A log's roots are those of RFC 9162, and a consistency proof shows exactly what it should."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.attestations.log import (
    MAX_SIZE,
    Log,
    attachment,
    extends,
    proof_ranges,
    prove,
    roots,
)
from privacy.merkle import HashTree, leaf_hash

ROOT = Path(__file__).resolve().parents[4]
CT_CASES = json.loads((ROOT / "tests/data/ct/consistency.json").read_bytes())
VECTORS = json.loads((ROOT / "tests/data/vectors/consistency.json").read_bytes())
# Entries and roots of Certificate Transparency's tests: tests/data/ct/README.md.
CT_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_ENTRIES += ["606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def log_of(size: int) -> Log:
    log = Log()
    for entry in range(size):
        log.append(bytes([entry]))
    return log


def words(text: str) -> list[bytes]:
    data = bytes.fromhex(text[2:])
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def test_the_roots_are_those_of_certificate_transparency() -> None:
    log = Log()
    for entry, root in zip(CT_ENTRIES, CT_ROOTS, strict=True):
        log.append(bytes.fromhex(entry))
        assert log.hash_of(0, log.size).hex() == root


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70))
def test_a_log_that_grew_has_the_root_of_the_tree_built_at_once(entries: list[bytes]) -> None:
    log = Log()
    for entry in entries:
        log.append(entry)
    assert log.size == len(entries)
    assert log.hash_of(0, log.size) == HashTree([leaf_hash(entry) for entry in entries]).root


@pytest.mark.parametrize("case", CT_CASES, ids=[case["file"] for case in CT_CASES])
def test_the_verifier_answers_as_certificate_transparencys_does(case: dict) -> None:
    first, second = (base64.b64decode(case[name]) for name in ("root1", "root2"))
    proof = [base64.b64decode(node) for node in case["proof"] or []]
    earlier, later = case["size1"], case["size2"]
    if 0 < earlier < later and earlier & (earlier - 1) == 0:
        # There the RFC's proof leaves out its first node, the earlier root.
        proof = [first, *proof]
    good = not case["wantErr"] and earlier != later  # a log that stands still is no extension
    assert extends(earlier, first, later, second, proof) == good


def test_every_proof_between_sizes_up_to_40_is_as_the_vectors_say() -> None:
    log, all_roots, nodes = log_of(40), words(VECTORS["roots"]), words(VECTORS["nodes"])
    proofs = iter(bytes.fromhex(VECTORS["proofs"][2:]))
    for later in range(2, 41):
        for earlier in range(1, later):
            proof = tuple(nodes[next(proofs)] for _ in range(next(proofs)))
            assert proof == prove(log, earlier, later)
            assert roots(earlier, later, proof) == (all_roots[earlier - 1], all_roots[later - 1])
            assert roots(earlier, later, proof[:-1]) is None
            assert roots(earlier, later, (*proof, proof[0])) is None
    assert next(proofs, None) is None


@pytest.mark.parametrize("levels", [20, 32])
def test_the_costliest_proofs_are_those_of_a_power_of_two_and_one_entry_less(levels: int) -> None:
    worst = VECTORS["worst"][f"levels{levels}"]
    assert (worst["earlier"], worst["later"]) == (2**levels - 1, 2**levels)
    size, *proof = words(worst["attached"])
    assert int.from_bytes(size, "big") == worst["earlier"]
    assert attachment(worst["earlier"], proof).hex() == worst["attached"][2:]
    told = tuple(bytes.fromhex(worst[name][2:]) for name in ("earlier_root", "later_root"))
    assert roots(worst["earlier"], worst["later"], proof) == told


@given(st.integers(2, 64), st.data())
def test_a_changed_proof_shows_nothing(later: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, later - 1))
    log = log_of(later)
    proof = list(prove(log, earlier, later))
    shown = log.hash_of(0, earlier), log.hash_of(0, later)
    assert roots(earlier, later, proof) == shown
    place = data.draw(st.integers(0, len(proof) - 1))
    flipped = int.from_bytes(proof[place], "big") ^ 1 << data.draw(st.integers(0, 255))
    proof[place] = flipped.to_bytes(32, "big")
    assert not extends(earlier, shown[0], later, shown[1], proof)


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_proof_shows_nothing_of_another_earlier_size(earlier: int, other: int) -> None:
    log = log_of(65)
    shown = roots(other, 65, prove(log, earlier, 65))
    assert (shown == (log.hash_of(0, other), log.hash_of(0, 65))) == (earlier == other)


@pytest.mark.parametrize(
    ("earlier", "later"), [(0, 1), (1, 1), (2, 1), (-1, 3), (1, MAX_SIZE + 1), (0, 0)]
)
def test_sizes_that_do_not_grow_within_64_bits_have_no_proof(earlier: int, later: int) -> None:
    assert roots(earlier, later, [bytes(32)] * 2) is None
    if later <= MAX_SIZE:
        with pytest.raises(ValueError, match="does not grow"):
            proof_ranges(earlier, later)


@pytest.mark.parametrize("proof", [[], [b""], [bytes(31), bytes(32)], [bytes(32), bytes(33)]])
def test_nodes_have_32_bytes(proof: list[bytes]) -> None:
    assert roots(1, 2, proof) is None


def test_the_committed_file_is_what_the_script_writes() -> None:
    script = ROOT / "tools/build_consistency_vectors.py"
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0


def test_the_search_for_the_costliest_pair_finds_what_trying_all_pairs_finds() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from build_consistency_vectors import cost, worst_pair
    finally:
        sys.path.remove(str(ROOT / "tools"))
    for levels in range(1, 7):
        pairs = [(m, n) for n in range(2, 2**levels + 1) for m in range(1, n)]
        assert max(pairs, key=lambda pair: cost(*pair)) == worst_pair(levels)
