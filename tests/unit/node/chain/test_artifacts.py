"""The committed artifacts are those of the committed sources, and every refusal has its words."""

import json
import re
from pathlib import Path

import pytest

from node.chain import artifacts, compile

ROOT = Path(__file__).resolve().parents[4]
EIP_170_BYTES = 24_576


@pytest.mark.parametrize("name", artifacts.CONTRACTS)
def test_an_artifact_names_the_sources_it_was_built_from(name: str) -> None:
    stale = "run: python -m node.chain.compile"
    assert artifacts.load(name).source_hash == compile.source_hash(), stale


def test_compiling_again_gives_the_committed_artifacts() -> None:
    for name, text in compile.compile_contracts().items():
        assert (artifacts.folder() / f"{name}.json").read_text() == text, name


@pytest.mark.parametrize("name", artifacts.CONTRACTS)
def test_a_contract_fits_the_size_limit(name: str) -> None:
    artifact = artifacts.load(name)
    assert 0 < len(artifact.runtime) < EIP_170_BYTES
    assert artifact.runtime in artifact.bytecode


def test_deployed_code_is_recognised_whatever_its_immutables_hold() -> None:
    titles = artifacts.load("Titles")
    deployed = bytearray(titles.runtime)
    for start, length in titles.immutables:
        deployed[start : start + length] = b"\xab" * length
    assert titles.is_code(bytes(deployed))
    assert not artifacts.load("Releases").is_code(bytes(deployed))
    assert not titles.is_code(bytes(deployed[:-1]))


def test_a_contract_of_no_network_is_not_found() -> None:
    with pytest.raises(KeyError):
        artifacts.load("Treasury")


def test_every_error_has_its_words_and_every_word_its_error() -> None:
    errors = {
        entry["name"]
        for name in artifacts.CONTRACTS
        for entry in artifacts.load(name).abi
        if entry["type"] == "error"
    }
    refusals = json.loads((ROOT / "identity/acts/refusals.json").read_text())
    assert set(refusals) == errors
    for name, refusal in refusals.items():
        assert set(refusal) == {"code", "en", "zh", "do"}, name
        assert refusal["code"] == re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
        assert all(refusal.values()), name
    codes = [refusal["code"] for refusal in refusals.values()]
    assert len(set(codes)) == len(codes)


def test_errors_and_events_are_declared_once_and_in_interfaces() -> None:
    declared: dict[str, str] = {}
    for path, text in compile.sources(ROOT).items():
        for name in re.findall(r"^\s+(?:error|event) (\w+)\(", text, re.MULTILINE):
            assert path.startswith("src/interfaces/"), (name, path)
            assert name not in declared, (name, path, declared.get(name))
            declared[name] = path
    assert declared
