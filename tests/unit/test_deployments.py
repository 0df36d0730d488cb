"""Manifests name metrics, commands and settings that exist, and can be read by their readers."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from api.cli.main import app
from api.http.app import all_routes
from node.exchange.depths import DeliveryDepths
from node.metrics import REGISTRY
from node.settings import Settings
from node.store.database import Database
from node.store.schema import upgrade
from node.upkeep.measures import NodeCollector

ROOT = Path(__file__).resolve().parents[2]
OBSERVABILITY = ROOT / "deployments" / "observability"
UNITS = sorted((ROOT / "deployments" / "systemd").glob("*.service"))
COMPOSE = yaml.safe_load((ROOT / "deployments" / "compose" / "compose.yaml").read_text())
LADING = Path(sys.executable).with_name("lading")
PROMTOOL = ROOT / "tools" / "promtool"
_METRIC = re.compile(r"\b((?:lading|process|python|avalanche)_\w+|up\b)")
# Read from the environment, and no settings of a node.
_NO_SETTINGS = {"LADING_KEYSTORE_PASSPHRASE", "LADING_ENGINES"}


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The labels of each metric, by each name under which Prometheus keeps it."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('metrics') / 'node.sqlite'}")
    upgrade(database)
    named: dict[str, set[str]] = {}
    for metric in REGISTRY._names_to_collectors.items():
        named[metric[0]] = set(getattr(metric[1], "_labelnames", ()))
    for family in REGISTRY.collect():
        named.setdefault(family.name + ("_total" if family.type == "counter" else ""), set())
    for collector in (NodeCollector(database), DeliveryDepths(database)):
        for family in collector.collect():
            named[family.name] = set(family._labelnames)
    database.close()
    engine = (ROOT / "tests" / "data" / "engine-metrics.txt").read_text().splitlines()
    for line in engine[1:]:
        name, *has = line.split()
        named[name] = set(has)
    named["up"] = set()  # Prometheus' own, with what the scrape configuration says
    for name in [name for name in named if name.endswith("_bucket")]:
        named[name] |= {"le"}
    return named


def queries() -> list[str]:
    dashboard = json.loads((OBSERVABILITY / "node-dashboard.json").read_bytes())
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())
    alerts = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return panels + alerts


@pytest.mark.parametrize("query", queries())
def test_every_query_asks_for_metrics_and_labels_that_there_are(
    query: str, labels: dict[str, set[str]]
) -> None:
    asked = _METRIC.findall(query)
    assert asked
    assert [name for name in asked if name not in labels] == []
    grouped = set(re.findall(r"[\w]+", " ".join(re.findall(r"by \(([^)]*)\)", query))))
    known = set().union(*(labels[name] for name in asked)) | {
        "member",
        "process",
        "job",
    }
    assert grouped <= known
    matched = set(re.findall(r"[{,]\s*(\w+)!?[=~]", query))
    assert matched <= known


def test_each_alert_about_the_ledger_comes_when_it_should_and_not_otherwise() -> None:
    told = subprocess.run(
        [PROMTOOL, "test", "rules", ROOT / "tests" / "data" / "alerts.test.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr


def test_prometheus_takes_its_configuration_and_every_rule(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "alerts.yml"):
        text = (OBSERVABILITY / name).read_text()
        (tmp_path / name).write_text(text.replace("/etc/lading/carrier", str(tmp_path)))
    (tmp_path / "metrics.token").write_text("token")
    told = subprocess.run(
        [PROMTOOL, "check", "config", tmp_path / "prometheus.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr


def test_panels_have_places_of_their_own_and_the_targets_that_are_scraped_exist() -> None:
    dashboard = json.loads((OBSERVABILITY / "node-dashboard.json").read_bytes())
    places = [tuple(panel["gridPos"].values()) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
    scraped = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())
    routes = {path for _, path in all_routes()} | {"/metrics", "/ext/metrics"}
    for job in scraped["scrape_configs"]:
        assert job.get("metrics_path", "/metrics") in routes
    assert (OBSERVABILITY / scraped["rule_files"][0]).exists()


def understands(arguments: list[str]) -> None:
    """Parse a command line as ``lading`` would, and run nothing."""
    group: Any = typer.main.get_command(app)
    context = group.make_context("lading", list(arguments), resilient_parsing=True)
    name, command, rest = group.resolve_command(context, list(arguments))
    assert command is not None, arguments
    command.make_context(name, rest, parent=context)


def commands_of(unit: Path) -> list[list[str]]:
    lines = re.findall(r"^ExecStart(?:Pre)?=(.*)$", unit.read_text(), re.MULTILINE)
    found = []
    for line in lines:
        words = shlex.split(line)
        if words[0] == "/bin/sh":
            words = shlex.split(words[2].removeprefix("exec "))
        assert words[0].endswith("/lading")
        found.append(words[1:])
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_runs_a_command_that_there_is_with_settings_that_there_are(unit: Path) -> None:
    for arguments in commands_of(unit):
        understands(arguments)
    named = set(re.findall(r"LADING_\w+", unit.read_text())) - _NO_SETTINGS
    assert {name.removeprefix("LADING_").lower() for name in named} <= set(Settings.model_fields)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_is_one_that_systemd_takes_and_shuts_its_process_in(
    unit: Path, tmp_path: Path
) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is not here: apt-get install systemd")
    for each in unit.parent.iterdir():
        text = each.read_text().replace("/opt/lading/.venv/bin/lading", str(LADING))
        text = text.replace("file:/opt/lading/docs", f"file:{ROOT}/docs")
        (tmp_path / each.name).write_text(text)
    path = tmp_path / unit.name
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=25", path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-200:]


def test_the_compose_file_runs_commands_that_there_are_with_settings_that_there_are() -> None:
    services = COMPOSE["services"]
    ours = {name: each for name, each in services.items() if each["image"] == "lading"}
    assert set(ours) == {"signer", "node", "jobs"}
    for service in ours.values():
        understands(service["command"])
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        named = set(service.get("environment", {}))
        assert {n.removeprefix("LADING_").lower() for n in named} <= set(Settings.model_fields)
        assert set(service.get("depends_on", {})) <= set(services)
    assert ours["signer"]["network_mode"] == "none"
    assert "/v1/ready" in ours["node"]["healthcheck"]["test"][-1]
    assert "data-checksums" in services["postgresql"]["environment"]["POSTGRES_INITDB_ARGS"]
    dockerfile = ROOT / COMPOSE["x-node"]["build"]["dockerfile"]
    copied = re.findall(r"^COPY (\S+) ", dockerfile.read_text(), re.MULTILINE)
    assert all((ROOT / name).exists() for name in copied)
    volumes = {volume.split(":")[0] for volume in services["postgresql"]["volumes"]}
    assert volumes <= set(COMPOSE["volumes"])
