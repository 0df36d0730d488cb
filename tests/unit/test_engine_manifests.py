"""Files for engines that were not run here are what their readers take, and fit the profiles."""

import configparser
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from node.chain.profile import profile
from node.chain.rpc import BATCH_LIMIT

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "deployments" / "engines"
SCHEMAS = ROOT / "tests" / "data" / "manifests"
BESU, FISCO = ENGINES / "besu", ENGINES / "fisco-bcos"
BOTH = (BESU, FISCO)
COMPOSES = [each / "compose.yaml" for each in BOTH] + [ROOT / "deployments/compose/compose.yaml"]
KEPT = Path(os.environ.get("LADING_TOOLS", Path.home() / ".cache/lading/tools"))
HELM_IS_BUILT = shutil.which("helm") is not None or list(KEPT.glob("helm-*/helm"))
FILES = {
    BESU: {
        "genesis": "genesis.json",
        "config": "config.toml",
        "staticNodes": "static-nodes.json",
        "permissions": "permissions.toml",
    },
    FISCO: {"genesis": "config.genesis", "config": "config.ini", "nodes": "nodes.json"},
}
"""The charts' values that are whole files."""


def options(name: str) -> set[str]:
    return set((SCHEMAS / f"{name}-options.txt").read_text().splitlines()[1:])


def ini(name: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser()
    read.read_string((FISCO / name).read_text())
    return read


def by_id(path: Path) -> str:
    return path.parent.name


@pytest.mark.parametrize("engine", BOTH, ids=lambda engine: engine.name)
def test_each_says_plainly_that_it_was_not_run(engine: Path) -> None:
    assert "**Not run here.**" in (engine / "README.md").read_text()
    for name in ("compose.yaml", "helm/Chart.yaml"):
        assert "not run here" in (engine / name).read_text().lower()


@pytest.mark.parametrize("path", COMPOSES, ids=by_id)
def test_a_compose_file_follows_the_compose_specification(path: Path) -> None:
    schema = json.loads((SCHEMAS / "compose-spec.json").read_bytes())
    Draft202012Validator(schema).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("engine", BOTH, ids=lambda engine: engine.name)
def test_a_composed_engine_may_do_nothing_more_than_it_must(engine: Path) -> None:
    (service,) = yaml.safe_load((engine / "compose.yaml").read_text())["services"].values()
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    rpc = [port for port in service["ports"] if ":8545" in port]
    assert rpc == ["127.0.0.1:8545:8545"]
    for volume in service["volumes"]:
        here = volume.split(":")[0]
        assert not here.startswith("./") or (engine / here).exists()


def test_besu_reads_every_option_and_the_profile_says_what_it_does() -> None:
    config = tomllib.loads((BESU / "config.toml").read_text())
    assert set(config) <= options("besu")
    genesis = json.loads((BESU / "genesis.json").read_bytes())["config"]
    engine = profile("besu")
    assert config["sync-mode"] == "FULL"
    assert config["rpc-max-logs-range"] >= engine.longest_log_range_blocks
    assert config["rpc-http-max-batch-size"] >= BATCH_LIMIT
    assert (genesis["zeroBaseFee"], config["min-gas-price"]) == (True, engine.fee_per_gas_wei)
    assert genesis["qbft"]["blockperiodseconds"] == engine.block_seconds
    assert set(tomllib.loads((BESU / "permissions.toml").read_text())) == {
        "nodes-allowlist",
        "accounts-allowlist",
    }
    assert not any("contract" in name for name in config)


@pytest.mark.parametrize("name", ["config.ini", "config.genesis"])
def test_fisco_bcos_reads_every_option(name: str) -> None:
    given = ini(name)
    named = {f"{section}.{key}" for section in given.sections() for key in given[section]}
    assert named <= options("fisco-bcos")


def test_the_profile_of_fisco_bcos_asks_for_no_more_than_it_gives() -> None:
    rpc, engine = ini("config.ini")["web3_rpc"], profile("fisco-bcos")
    assert rpc.getboolean("enable")
    assert rpc.getint("filter_max_process_block") >= engine.longest_log_range_blocks
    assert rpc.getint("batch_request_size_limit") >= BATCH_LIMIT
    assert ini("config.ini")["consensus"].getint("min_seal_time") == engine.block_seconds * 1000
    features = ini("config.genesis")["features"]
    assert all(features.getboolean(f"feature_evm_{n}") for n in ("cancun", "address", "timestamp"))


@pytest.mark.parametrize("engine", BOTH, ids=lambda engine: engine.name)
def test_a_chart_takes_its_own_values_and_refuses_others(engine: Path) -> None:
    chart = yaml.safe_load((engine / "helm/Chart.yaml").read_text())
    values = yaml.safe_load((engine / "helm/values.yaml").read_text())
    validator = Draft202012Validator(json.loads((engine / "helm/values.schema.json").read_bytes()))
    validator.validate(values)
    (service,) = yaml.safe_load((engine / "compose.yaml").read_text())["services"].values()
    assert values["image"] == service["image"]
    assert service["image"].endswith(chart["appVersion"])
    for wrong in ({"replicas": 2}, {"image": "besu"}, {"storage": {"size": "100G"}}):
        with pytest.raises(ValidationError):
            validator.validate(values | wrong)


def rendered(engine: Path) -> list[dict[str, Any]]:
    """Return the chart's objects as helm writes them, with the files beside it as its values."""
    arguments = [ROOT / "tools/helm", "template", "bank", engine / "helm"]
    for value, name in FILES[engine].items():
        arguments += ["--set-file", f"{value}={engine / name}"]
    told = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(told.stdout) if each]


@pytest.mark.skipif(not HELM_IS_BUILT, reason="helm is not built: make manifests")
@pytest.mark.parametrize("engine", BOTH, ids=lambda engine: engine.name)
def test_a_chart_is_linted_and_its_objects_follow_kubernetes_schemas(engine: Path) -> None:
    subprocess.run([ROOT / "tools/helm", "lint", "--strict", engine / "helm"], check=True)
    schema = json.loads((SCHEMAS / "kubernetes-schema.json").read_bytes())
    objects = rendered(engine)
    assert sorted(each["kind"] for each in objects) == [
        "ConfigMap", "NetworkPolicy", "Service", "Service", "StatefulSet",
    ]  # fmt: skip
    for each in objects:
        kind = {"$ref": f"#/$defs/{each['kind']}"}
        Draft202012Validator(schema | kind).validate(each)
        assert re.fullmatch(r"bank-[a-z-]+", each["metadata"]["name"])
    (files,) = [each["data"] for each in objects if each["kind"] == "ConfigMap"]
    assert files == {name: (engine / name).read_text() for name in FILES[engine].values()}
    (workload,) = [each["spec"] for each in objects if each["kind"] == "StatefulSet"]
    (container,) = workload["template"]["spec"]["containers"]
    assert workload["replicas"] == 1
    assert container["securityContext"]["readOnlyRootFilesystem"]
    mounted = {volume["name"] for volume in container["volumeMounts"]}
    given = workload["template"]["spec"]["volumes"] + [
        claim["metadata"] for claim in workload["volumeClaimTemplates"]
    ]
    assert mounted == {volume["name"] for volume in given}


@pytest.mark.skipif(not HELM_IS_BUILT, reason="helm is not built: make manifests")
def test_helm_refuses_a_value_that_the_schema_does_not_know() -> None:
    told = subprocess.run(
        [ROOT / "tools/helm", "template", "bank", BESU / "helm", "--set", "replicas=2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode != 0
    assert "replicas" in told.stderr
