"""Metrics are declared once, measured when asked, and answered on loopback."""

import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from support.peers import free_port

from node.errors import SettingsInvalid
from node.metrics import REGISTRY, listen, refusals, render
from node.serve import measured
from node.settings import Settings


class Depth:
    def __init__(self, rows: int) -> None:
        self.rows = rows

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("lading_depth_of_a_test", "Rows.", value=self.rows)


def test_every_metric_has_the_projects_or_the_processes_name() -> None:
    for metric in REGISTRY.collect():
        assert metric.name.startswith(("lading_", "process_", "python_")), metric.name
        assert metric.documentation


def test_what_is_measured_stands_beside_what_is_counted() -> None:
    refusals.labels("A_CODE_OF_A_TEST", "409").inc()
    depth = Depth(3)
    text = render(depth).decode()
    named = {family.name: family for family in text_string_to_metric_families(text)}
    assert named["lading_depth_of_a_test"].samples[0].value == 3
    assert 'lading_refusals_total{code="A_CODE_OF_A_TEST",status="409"} 1.0' in text
    depth.rows = 4
    assert b"lading_depth_of_a_test 4.0" in render(depth)
    assert b"process_resident_memory_bytes" in render()


def test_a_port_answers_on_loopback_and_a_taken_one_is_named(tmp_path: Path) -> None:
    port = free_port()
    listen(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert b"lading_refusals_total" in answer.read()
    settings = Settings(
        directory=tmp_path, member="0x" + "11" * 32, ledger_url="http://127.0.0.1:9",
        api_port=1, peers_port=2, metrics_port=port,
    )  # fmt: skip
    with pytest.raises(SettingsInvalid, match="metrics_port"):
        measured(settings)
