"""What an operator copies from deploy/ must be true of the program that it starts."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bot.app import WEBHOOK_PATH
from bot.cli import app
from bot.events import EVENTS
from worker.github_api.auth import PERMISSIONS
from worker.settings import REQUIRED, Settings, load_settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"

VARIABLES = {str(field.validation_alias) for field in Settings.model_fields.values()}

SENT_TO_EVERY_APP = {"installation", "installation_repositories", "ping"}
"""Events that can't be asked for: GitHub sends them by itself.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#installation"""


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest():
    return json.loads((DEPLOY / "app-manifest.json").read_text(encoding="utf-8"))


def options(command):
    """Return the options of a command line as a dictionary."""
    pairs = pairwise(command)
    return {name.removeprefix("--"): value for name, value in pairs if name.startswith("--")}


def test_redis_keeps_what_was_accepted(compose):
    """A crash or a full memory would lose deliveries that GitHub was told are safe."""
    redis = options(compose["services"]["redis"]["command"])
    assert redis["appendonly"] == "yes"
    assert redis["appendfsync"] == "always"
    assert redis["maxmemory-policy"] == "noeviction"
    assert redis["requirepass"].startswith("${REDIS_PASSWORD")
    assert "redis:/data" in compose["services"]["redis"]["volumes"]


def test_receiver_and_workers_are_one_image(compose):
    """A receiver and workers of two versions could be started by one file."""
    bot, worker = (compose["services"][name] for name in ("bot", "worker"))
    assert bot["image"] == worker["image"]
    assert bot["build"] == worker["build"] == {"context": ".."}


def test_services_run_commands_that_exist(compose):
    """A renamed command would leave containers that restart for ever."""
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert compose["services"]["bot"]["command"][0] in known
    assert compose["services"]["worker"]["command"][0] in known


def test_only_the_receiver_can_be_reached(compose):
    """Whoever reaches Redis or the database can queue work or change verdicts."""
    published = {name for name, service in compose["services"].items() if "ports" in service}
    assert published == {"bot"}


def test_every_service_has_a_place_for_what_outlives_it(compose):
    """Baselines would be gone with the container that made them."""
    for name in ("redis", "postgres"):
        volumes = [volume.partition(":")[0] for volume in compose["services"][name]["volumes"]]
        assert set(volumes) <= set(compose["volumes"])


def test_compose_sets_only_variables_that_are_read(compose):
    """A misspelt variable would be ignored without a word."""
    for name in ("bot", "worker"):
        names = compose["services"][name]["environment"]
        assert set(names) <= VARIABLES


def test_compose_and_the_example_give_all_that_is_required(compose):
    """An operator who follows deploy/README.md would meet a process that does not start."""
    example = assignments((DEPLOY / "covgate.env.example").read_text(encoding="utf-8"))
    assert example | set(compose["services"]["bot"]["environment"]) >= REQUIRED


def test_the_example_names_every_variable():
    """A setting that the example leaves out is found by nobody; one too many does nothing."""
    text = (DEPLOY / "covgate.env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"\bCOVGATE_[A-Z_]+", text)) == VARIABLES


def test_the_examples_values_are_well_formed(tmp_path, app_key):
    """Copying the example and filling in the App's id and key would not start."""
    text = (DEPLOY / "covgate.env.example").read_text(encoding="utf-8")
    uncommented = re.sub(r"^#(COVGATE_)", r"\1", text, flags=re.MULTILINE)
    env_file = tmp_path / ".env"
    env_file.write_text(uncommented, encoding="utf-8")
    settings = load_settings({"COVGATE_PRIVATE_KEY": app_key}, env_file)
    assert settings.registered


def test_the_manifest_asks_for_what_the_tokens_need(manifest):
    """An App with less can't answer; one with more is asked for what nobody uses."""
    assert manifest["default_permissions"] == dict(PERMISSIONS)


def test_the_manifest_asks_for_the_events_that_are_heard(manifest):
    """An event that is not subscribed to never comes."""
    assert manifest["default_events"] == sorted(EVENTS.keys() - SENT_TO_EVERY_APP)
    assert EVENTS.keys() >= SENT_TO_EVERY_APP


def test_the_manifest_points_to_the_receiver(manifest):
    """Deliveries to another path would all be refused."""
    assert manifest["hook_attributes"]["url"].endswith(WEBHOOK_PATH)
    assert manifest["public"] is False


def test_no_secret_gets_into_the_image():
    """A key or a settings file in a layer would be read by whoever has the image."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignore
    assert sorted(f"!{name}" for name in copied) == sorted(x for x in ignore if x.startswith("!"))
    assert "COVGATE_" not in dockerfile


def test_the_image_does_not_run_as_root():
    """A hostile report that broke out of its parser would own the container."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = dockerfile.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert 'ENTRYPOINT ["covgate"]' in last


def assignments(text):
    """Return the names that a file of settings assigns."""
    return set(re.findall(r"^(COVGATE_[A-Z_]+)=", text, re.MULTILINE))


@pytest.fixture(scope="module")
def app_key():
    key = generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()
