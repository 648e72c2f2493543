"""compose.yaml is valid, closed to the outside, without a default password, and bounded in what it may use."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import inventories
import jsonschema
import pytest
from native_stack import compose, neo4j

from janus_lab.resources.server_advice import DEFAULTS, server_advice
from janus_lab.settings import Settings, load_settings
from janus_lab.settings.variables import settings_from, unknown_variables

ROOT = Path(__file__).parents[2]
SERVERS = ("postgres", "rabbitmq", "redis", "minio", "neo4j", "qdrant")
SERVICES = (*SERVERS, "worker", "redisinsight", "rabbitmq-console")
SECRET = re.compile(r"PASS|AUTH$|API_KEY|SECRET|requirepass", re.IGNORECASE)
METHODS = {"POSTGRES_HOST_AUTH_METHOD"}
"""Names that look secret and are not."""
PINNED = re.compile(r":(v?\d+\.\d+\.\d+|17\.\d+|RELEASE\.\d{4}-\d\d-\d\dT[\d-]+Z)[\w.-]*$")
REQUIRED = re.compile(r"\$\{(\w+):\?run janus init --stack\}")
SIZE = re.compile(r"(\d+)\s*([kmg])b?", re.IGNORECASE)


def size_bytes(text: str) -> int:
    """The bytes that a size such as 512m or 256MB means."""
    match = SIZE.fullmatch(text)
    assert match is not None
    return int(match[1]) << {"k": 10, "m": 20, "g": 30}[match[2].lower()]


def filled(node: Any, values: dict[str, str]) -> Any:
    """A part of the document with its variables filled in."""
    if isinstance(node, dict):
        return {key: filled(inner, values) for key, inner in node.items()}
    if isinstance(node, list):
        return [filled(inner, values) for inner in node]
    return compose.filled(node, values) if isinstance(node, str) else node


def test_it_follows_the_specification(document, values, schema) -> None:
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(filled(document, values))] == []
    assert [error.message for error in validator.iter_errors({"services": {"x": {"imag": "y"}}})]


def test_it_has_these_services_and_no_other(document) -> None:
    assert tuple(document["services"]) == SERVICES
    assert all(document["services"][name].get("profiles") is None for name in (*SERVERS, "worker"))
    assert all(document["services"][name]["profiles"] == ["consoles"] for name in ("redisinsight", "rabbitmq-console"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_port_is_on_loopback_and_can_be_moved(document, name: str) -> None:
    for port in document["services"][name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{JANUS_\w+_PORT:-\d+\}:\d+", port)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "worker"])
def test_every_image_is_pinned(document, name: str) -> None:
    assert PINNED.search(document["services"][name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_comes_back(document, values, name: str) -> None:
    service = filled(document["services"][name], values)
    assert size_bytes(service["mem_limit"])
    assert 0 < float(service["cpus"]) <= 2
    assert service["pids_limit"]
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert service["restart"] == "unless-stopped"
    assert service["stop_grace_period"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "container_name" not in service
    assert not {"privileged", "network_mode", "pid", "cap_add", "devices"} & set(service)


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "worker"])
def test_every_server_has_a_health_check(document, name: str) -> None:
    health = document["services"][name]["healthcheck"]
    assert health["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(health)


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_keeps_its_data_in_a_volume_of_its_own(document, name: str) -> None:
    (volume,) = document["services"][name]["volumes"]
    assert volume.partition(":")[0] == name
    assert name in document["volumes"]


def test_every_secret_comes_from_the_environment_and_has_no_default(document) -> None:
    written = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    assert set(REQUIRED.findall(written)) == set(compose.PASSWORDS)
    assert not re.search(r"\$\{\w*(?:PASSWORD|API_KEY)\w*(?!:\?)[^\w:}]|\$\{\w*(?:PASSWORD|API_KEY)\w*\}", written)
    for service in document["services"].values():
        assert not [word for word in service.get("command", []) if SECRET.search(word)]
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name) and name not in METHODS:
                assert REQUIRED.search(value), name


@pytest.mark.parametrize("name", compose.PASSWORDS)
def test_without_a_password_it_says_what_to_run(values, name: str) -> None:
    lacking = {key: value for key, value in values.items() if key != name}
    with pytest.raises(compose.VariableMissing, match=f"{name}.*run janus init --stack"):
        filled(compose.document(), lacking)


def test_workers_scale_and_wait_for_every_server(document) -> None:
    worker = document["services"]["worker"]
    assert not {"ports", "hostname", "container_name"} & set(worker)
    assert worker["depends_on"] == {name: {"condition": "service_healthy"} for name in SERVERS}
    assert worker["command"] == ["janus", "worker"]
    assert worker["cap_drop"] == ["ALL"]


def test_workers_are_set_to_the_servers(document, values) -> None:
    environment = filled(document["services"]["worker"]["environment"], values)
    assert unknown_variables(environment) == {}
    urls = {name for name in Settings.__dataclass_fields__ if name.endswith("_url")} - {"probe_url", "hub_url"}
    assert set(settings_from(environment)) == {*urls, "profile"}
    hosts = {name: re.search(r"@([^/:?]+):", url) for name, url in environment.items()}
    assert {match[1] for match in hosts.values() if match} == set(SERVERS)


def test_workers_say_that_their_profile_is_the_stack(document, values, tmp_path) -> None:
    environment = filled(document["services"]["worker"]["environment"], values)
    settings = load_settings(tmp_path / "empty", environment=environment)
    assert (settings.profile, len(settings.servers())) == ("stack", len(SERVERS))


def test_the_workers_image_is_this_version_and_runs_as_nobody_important(document) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    worker = document["services"]["worker"]
    assert worker["image"].endswith(f"${{JANUS_IMAGE_VERSION:-{version}}}")
    assert worker["build"]["args"]["JANUS_VERSION"].endswith(f":-{version}}}")
    recipe = (ROOT / worker["build"]["dockerfile"]).read_text(encoding="utf-8")
    runtime = recipe[recipe.index(" AS runtime") :]
    assert re.search(r"^USER janus$", runtime, re.MULTILINE)
    assert {"source", "index"} <= set(re.findall(r"^FROM runtime AS (\w+)$", recipe, re.MULTILINE))
    bases = set(re.findall(r"^FROM (python:\S+)", recipe, re.MULTILINE))
    assert len(bases) == 1
    assert PINNED.search(bases.pop())


def advised(name: str) -> dict[str, str]:
    """The variables that a machine's profile gives the servers on it; for "", those that compose.yaml falls back on."""
    if not name:
        return {}
    return {one.name: str(one.value) for one in server_advice(inventories.inventory(name), {})}


def test_defaults_of_the_servers_memory_are_those_that_a_profile_starts_from() -> None:
    written = re.findall(r"\$\{(JANUS_\w+(?:_MB|_CPUS)):-(\d+)\}", compose.COMPOSE.read_text(encoding="utf-8"))
    assert {name: int(value) for name, value in written} == dict(DEFAULTS)
    assert unknown_variables(dict.fromkeys(DEFAULTS, "1")) == {}


@pytest.mark.parametrize("machine", ["", *inventories.NAMES])
def test_memory_of_the_engines_fits_their_limits(document, values, machine: str) -> None:
    chosen = values | advised(machine)
    services = filled(document["services"], chosen)
    redis = filled(document["configs"]["redis"]["content"], chosen)
    settings = dict(line.split(" ", 1) for line in redis.splitlines())
    assert 2 * size_bytes(settings["maxmemory"]) <= size_bytes(services["redis"]["mem_limit"])
    heap = services["neo4j"]["environment"]
    used = [heap["NEO4J_server_memory_heap_max__size"], heap["NEO4J_server_memory_pagecache_size"]]
    assert sum(map(size_bytes, used)) * 1.25 <= size_bytes(services["neo4j"]["mem_limit"])
    options = dict(word.split("=", 1) for word in services["postgres"]["command"] if "=" in word)
    assert 4 * size_bytes(options["shared_buffers"]) <= size_bytes(services["postgres"]["mem_limit"])


def test_it_names_the_version_that_the_native_start_brings(document) -> None:
    assert document["services"]["neo4j"]["image"] == f"neo4j:{neo4j.VERSION}-community"


def test_nobody_is_told_anything(document) -> None:
    told = {name: service.get("environment", {}) for name, service in document["services"].items()}
    assert told["qdrant"]["QDRANT__TELEMETRY_DISABLED"] == "true"
    assert told["neo4j"]["NEO4J_dbms_usage__report_enabled"] == "false"
    assert told["neo4j"]["NEO4J_client_allow__telemetry"] == "false"
    assert told["minio"]["MINIO_CALLHOME_ENABLE"] == told["minio"]["MINIO_UPDATE"] == "off"
