"""What the signer refuses, before any process: verbs, expiry, rate and its settings."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.acts.types import ACT_TYPES
from identity.errors import RateExceeded, SettingsUnusable
from identity.signer.rules import TokenBucket
from identity.signer.settings import SignerSettings


@given(
    st.floats(0.5, 50),
    st.integers(1, 20),
    st.lists(st.floats(0, 2), max_size=80),
)
def test_no_stretch_of_time_gets_more_than_burst_and_rate(
    rate: float, burst: int, waits: list[float]
) -> None:
    bucket, now, taken = TokenBucket(rate, burst, 0.0), 0.0, 0
    for wait in waits:
        now += wait
        try:
            bucket.take(now)
            taken += 1
        except RateExceeded:
            continue
    assert taken <= burst + rate * now + 1e-6


def test_after_the_wait_it_names_a_refused_signature_is_given() -> None:
    bucket = TokenBucket(2.0, 1, 0.0)
    bucket.take(0.0)
    with pytest.raises(RateExceeded) as caught:
        bucket.take(0.1)
    bucket.take(0.1 + float(caught.value.facts["retry_after_seconds"]) + 0.001)


def directory(path: Path, **changes: object) -> Path:
    path.chmod(0o700)
    settings = {"signer": 1, "member": "0x" + "0a" * 32, "verbs": ["Offer"], **changes}
    (path / "signer.json").write_text(json.dumps(settings))
    return path


@pytest.mark.parametrize(
    "name", [n for n, t in ACT_TYPES.items() if t.signer in ("lane", "council")]
)
def test_a_lane_or_council_act_cannot_be_allowed(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsUnusable, match="not a verb that a member's key signs"):
        SignerSettings.load(directory(tmp_path, verbs=[name]))


@pytest.mark.parametrize(
    "changes",
    [
        {"verbs": []},
        {"verbs": "Offer"},
        {"verbs": ["Freeze"]},
        {"member": "0x0a"},
        {"signer": 2},
        {"max_ttl_seconds": 7 * 86400 + 1},
        {"max_ttl_seconds": 0},
        {"burst": True},
        {"passphrase": "x"},
    ],
)
def test_settings_out_of_bounds_are_refused(tmp_path: Path, changes: dict) -> None:
    with pytest.raises(SettingsUnusable):
        SignerSettings.load(directory(tmp_path, **changes))


def test_a_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    directory(tmp_path).chmod(0o750)
    with pytest.raises(SettingsUnusable, match="open to other users"):
        SignerSettings.load(tmp_path)
