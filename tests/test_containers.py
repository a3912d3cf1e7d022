"""The container files agree with sources, options and each other, as far as that shows without a Docker engine."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from equipment.server import health
from equipment.settings import Settings, option_name
from tests.installed_copy import ROOT
from tests.server.running_app import RunningApp
from tests.test_requirements import PROJECT, name_of

yaml = pytest.importorskip("yaml", reason="no yaml here: pip install -r requirements-dev.txt")
DEPLOY = ROOT / "deploy"
Compose = dict[str, Any]
OPTIONS = {option_name(field) for field in Settings.model_fields}


def instructions(text: str) -> list[tuple[str, str]]:
    """Keyword and rest of every instruction, with continued lines joined."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines if line.strip())]


DOCKERFILE = instructions((DEPLOY / "Dockerfile").read_text("utf-8"))


def last(keyword: str) -> str:
    """What the image is left with."""
    return [rest for word, rest in DOCKERFILE if word == keyword][-1]


def copied() -> list[str]:
    """Paths that are taken from the checkout."""
    return [path for word, rest in DOCKERFILE if word == "COPY" and not rest.startswith("--from")
            for path in rest.split()[:-1]]


@pytest.fixture(scope="module")
def compose() -> Compose:
    loaded: Compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_what_is_copied_is_there_and_is_what_the_wheel_is_made_of() -> None:
    parts = {"app.py", "backup_csv_for_db_restore.py", ".streamlit/config.toml", "backup_engine", "equipment"}
    metadata = {"pyproject.toml", str(PROJECT["readme"]), *PROJECT["license-files"]}

    assert [path for path in copied() if not (ROOT / path).exists()] == []
    assert set(copied()) == parts | metadata | {"constraints.txt"}


def test_the_builder_is_given_nothing_else_no_backups_and_no_secrets() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    [first, *rules] = [line for line in lines if line and not line.startswith("#")]

    assert first == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(copied())
    assert "secrets.toml" in (ROOT / ".gitignore").read_text() and not any("secrets" in path for path in copied())


def test_what_is_taken_out_again_is_the_embedded_mongodb() -> None:
    [removed] = [name for word, rest in DOCKERFILE if word == "RUN"
                 for name in re.findall(r"pip uninstall --yes (\S+)", rest)]

    assert removed in {name_of(line) for line in PROJECT["optional-dependencies"]["app"]}
    assert "EQUIPMENT_EMBEDDED_DATABASE=false" in last("ENV")


def test_it_runs_as_an_ordinary_user_in_a_folder_of_its_own() -> None:
    user = last("USER").partition(":")[0]
    home = dict(word.split("=", 1) for word in shlex.split(last("ENV")))["EQUIPMENT_HOME"]

    assert int(user) > 0 and f"--uid {user}" in last("RUN")
    assert home == last("VOLUME") == last("WORKDIR")
    assert f"-o equipment -g equipment {home}" in last("RUN")
    assert [word for word, _ in DOCKERFILE].index("VOLUME") > [word for word, _ in DOCKERFILE].index("USER")


def test_every_variable_is_an_option(compose: Compose) -> None:
    named = [word.partition("=")[0] for word in shlex.split(last("ENV"))]
    for service in compose["services"].values():
        named += service.get("environment", {})

    assert {"EQUIPMENT_HOME", "MONGODB_URI", "STREAMLIT_SERVER_ADDRESS"} <= set(named)
    assert {name for name in named if not name.startswith(("STREAMLIT_", "PYTHON"))} <= OPTIONS
    # What Streamlit itself makes of the name of a variable.
    from streamlit import config

    known = {"STREAMLIT_" + re.sub(r"([A-Z])", r"_\1", key.replace(".", "_")).upper()
             for key in config.get_config_options()}
    assert {name for name in named if name.startswith("STREAMLIT_")} <= known


def test_no_password_is_in_the_image_or_in_git(compose: Compose) -> None:
    texts = [(DEPLOY / name).read_text("utf-8") for name in ("Dockerfile", "compose.yaml")]
    [given] = compose["services"]["app"]["env_file"]

    assert not any(re.search(r"(PASSWORD|TOKEN|SECRET)\w*\s*[=:]", text) for text in texts)
    assert not any(word == "ARG" for word, _ in DOCKERFILE)
    assert not any("@" in str(service.get("environment", "")) for service in compose["services"].values())
    assert f"/deploy/{given['path']}" in (ROOT / ".gitignore").read_text().splitlines()
    assert given["required"] is False


def test_the_health_check_asks_a_running_app(compose: Compose) -> None:
    port = last("EXPOSE")
    command = yaml.safe_load(last("HEALTHCHECK").partition(" CMD ")[2])
    program = command[2]
    [path] = re.findall(rf"http://127\.0\.0\.1:{port}(/\w+)", program)

    assert path in {route.path for route in health.routes()}
    assert command[0] in " ".join(rest for word, rest in DOCKERFILE if word == "CMD").replace("streamlit", "python")
    with RunningApp(EQUIPMENT_EMBEDDED_DATABASE="false") as app:
        for where, expected in (("/livez", 0), (path, 1)):  # there is no database: alive, and not ready
            asked = program.replace(f":{port}{path}", f":{app.port}{where}")
            done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
            assert (done.returncode, "503" in done.stderr) == (expected, bool(expected))


def test_the_app_is_reached_from_this_machine_only_and_the_database_from_the_app_only(compose: Compose) -> None:
    services = compose["services"]
    [published] = services["app"]["ports"]

    assert published == f"127.0.0.1:{last('EXPOSE')}:{last('EXPOSE')}"
    assert compose["networks"]["database"] == {"internal": True}
    for name in ("mongo1", "mongo2", "mongo3"):
        assert services[name]["networks"] == ["database"]
        assert "ports" not in services[name]


def test_the_three_members_are_those_of_the_set_and_of_the_connection_string(compose: Compose) -> None:
    services = compose["services"]
    members = {name for name, service in services.items() if service.get("image", "").startswith("mongo:")}
    address = urlsplit(services["app"]["environment"]["MONGODB_URI"])
    program = services["mongo1"]["healthcheck"]["test"][-1]
    [replica_set] = parse_qs(address.query)["replicaSet"]

    assert members == set(address.netloc.split(",")) == {"mongo1", "mongo2", "mongo3"}
    assert re.findall(r'host: "(\w+):27017"', program) == sorted(members)
    assert re.findall(r'rs\.initiate\({_id: "(\w+)"', program) == [replica_set]
    for name in members:
        command = services[name]["command"]
        assert command[command.index("--replSet") + 1] == replica_set
        assert [volume.partition(":")[0] for volume in services[name]["volumes"]] == [name]
    assert services["app"]["depends_on"] == {"mongo1": {"condition": "service_healthy"}}


def test_every_volume_and_network_is_declared_and_every_file_is_there(compose: Compose) -> None:
    services = compose["services"].values()
    build = compose["services"]["app"]["build"]

    assert {v.partition(":")[0] for s in services for v in s["volumes"]} == set(compose["volumes"])
    assert {network for s in services for network in s["networks"]} == set(compose["networks"])
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    assert compose["services"]["app"]["volumes"] == [f"data:{last('VOLUME')}"]
    assert compose["services"]["app"]["read_only"] and compose["services"]["app"]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("path", [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml"], ids=lambda path: path.name)
def test_they_say_that_no_engine_ran_them(path: Path) -> None:
    assert re.search(r"has not been (built|run) by a Docker engine", path.read_text("utf-8"))
