"""What the profiles say of their engines, and that there is no other place to say it."""

from pathlib import Path

import pytest

from node.chain.errors import EngineUnknown
from node.chain.profile import PROFILES, Profile, profile

ENGINES = ("avalanche", "besu", "embedded", "fisco-bcos")


def test_each_engine_has_one_file_of_its_name() -> None:
    assert sorted(path.name for path in PROFILES.iterdir()) == [f"{e}.json" for e in ENGINES]
    assert [profile(engine).engine for engine in ENGINES] == list(ENGINES)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_profile_holds_values_of_the_right_kind(engine: str) -> None:
    found = profile(engine)
    kinds = Profile.__annotations__
    for name, kind in kinds.items():
        value = getattr(found, name)
        if name == "final":
            assert value in ("finalized", "latest")
        elif name == "chain_id":
            assert value is None or value > 0
        else:
            assert type(value) is kind, name
    assert found.poll_seconds > 0
    assert found.longest_log_range_blocks > 0
    assert found.relayers_need_balance == (found.fee_per_gas_wei > 0)


def test_an_engine_without_a_profile_is_refused_by_name() -> None:
    with pytest.raises(EngineUnknown) as refused:
        profile("besv")
    assert refused.value.facts["known"] == list(ENGINES)


def test_a_word_that_leads_out_of_the_profiles_is_no_engine() -> None:
    with pytest.raises(EngineUnknown):
        profile("../profiles/embedded")


def test_no_code_asks_which_engine_it_talks_to() -> None:
    root = Path(__file__).parents[4]
    words = [f'"{engine}"' for engine in ENGINES if engine != "embedded"]
    for package in ("node/chain", "node/commands", "node/evidence", "node/upkeep", "api/http"):
        for path in (root / package).rglob("*.py"):
            text = path.read_text()
            assert not any(word in text for word in words), path
