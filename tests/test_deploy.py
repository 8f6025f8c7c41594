"""What an operator copies from deploy/ must be true of the program that it starts."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
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
from worker.process import HANDING_SECONDS
from worker.settings import REQUIRED, Settings, load_settings
from worker.supervisor import GRACE_SECONDS

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
    # The event `merge_group` comes to Apps that may read merge queues; nothing is asked there.
    assert manifest["default_permissions"] == {**PERMISSIONS, "merge_queues": "read"}


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


def test_alerts_watch_figures_that_exist():
    """An alert on a figure that nobody counts would never sound."""
    groups = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    documented = (DEPLOY.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    rules = [rule for group in groups for rule in group["rules"]]
    assert rules
    for rule in rules:
        for name in re.findall(r"covgate_\w+", rule["expr"]):
            figure = re.sub(r"_(count|sum|bucket)$", "", name)
            assert f"`{figure}`" in documented, (rule["alert"], name)
        assert rule["annotations"]["description"]


UNITS = sorted((DEPLOY / "systemd").iterdir())


def unit(name):
    """Return a systemd unit's sections."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string((DEPLOY / "systemd" / name).read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_units_run_commands_that_exist(name):
    """A renamed command or option would leave a service that restarts for ever."""
    service = unit(f"covgate-{name}.service")["Service"]
    program, *arguments = service["ExecStart"].split()
    command = next(c for c in app.registered_commands if c.callback.__name__ == name)
    assert Path(program).name == "covgate"
    assert arguments[0] == command.callback.__name__
    assert arguments[1:] in ([], ["-n", "2"])
    assert service["Restart"] == "always"


def test_a_unit_leaves_workers_the_time_to_hand_back():
    """Each restart would cost what is in work a minute, and after three of them the verdict."""
    service = unit("covgate-worker.service")["Service"]
    assert int(service["TimeoutStopSec"]) >= GRACE_SECONDS + HANDING_SECONDS + 10
    assert service["KillMode"] == "mixed", "the supervisor alone is told, and tells the others"
    assert service["KillSignal"] == "SIGTERM"


def test_the_receivers_socket_is_where_the_documents_say():
    """A proxy set up by the documents would find nobody."""
    assert unit("covgate-serve.socket")["Socket"]["ListenStream"] == "127.0.0.1:8000"
    requires = unit("covgate-serve.service")["Unit"]["Requires"]
    assert requires == "covgate-serve.socket"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path):
    """A misspelt line would be ignored, with the protection that it promised."""
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/opt/covgate/bin/covgate", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / path.name for path in UNITS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def manifests():
    """Return what is in deploy/kubernetes, by kind and name."""
    found = {}
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for one in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            name = one.get("metadata", {}).get("name", "")
            assert (one["kind"], name) not in found, "one would win over the other"
            found[one["kind"], name] = one
    return found


def pods():
    """Return the specification of every pod that deploy/kubernetes starts, by name."""
    found = {}
    for (_, name), one in manifests().items():
        spec = one.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template is not None:
            found[name] = template["spec"]
    return found


def test_kustomize_applies_every_manifest():
    """A file that is forgotten there would never be applied, a network policy for instance."""
    listed = manifests()["Kustomization", ""]["resources"]
    there = {path.name for path in (DEPLOY / "kubernetes").iterdir()} - {"kustomization.yaml"}
    assert set(listed) == there


def test_kubernetes_keeps_what_was_accepted(compose):
    """What Compose is careful about, a cluster would lose."""
    (container,) = pods()["valkey"]["containers"]
    command = compose["services"]["redis"]["command"][1:]
    assert container["args"][:-1] == command[:-1]
    assert container["image"] == compose["services"]["redis"]["image"]
    claims = manifests()["StatefulSet", "valkey"]["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["data"]


@pytest.mark.parametrize("name", ["bot", "worker"])
def test_kubernetes_starts_what_compose_does(compose, name):
    """Two ways to run it would be two programs."""
    (container,) = pods()[name]["containers"]
    assert container["args"] == compose["services"][name]["command"]
    assert container["image"] == "covgate"
    sources = [next(iter(one.values()))["name"] for one in container["envFrom"]]
    assert sources == ["covgate", "covgate"], "the settings, then the secrets"


def test_pods_have_the_time_that_they_need():
    """Each update would cost what is in work a minute, or refuse deliveries."""
    assert pods()["worker"]["terminationGracePeriodSeconds"] >= GRACE_SECONDS + HANDING_SECONDS + 10
    bot = manifests()["Deployment", "bot"]["spec"]
    assert bot["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert bot["replicas"] > 1


def test_probes_ask_what_the_receiver_answers():
    """A receiver would be killed again and again for a path that it does not have."""
    (container,) = pods()["bot"]["containers"]
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    asked = [container[probe]["httpGet"]["path"] for probe in probes]
    # Alive does not mean ready: with Redis away, a restart would mend nothing.
    assert asked == ["/healthz", "/healthz", "/readyz"]


@pytest.mark.parametrize("name", ["backup", "bot", "valkey", "worker"])
def test_every_pod_runs_without_privileges(name):
    """The cluster would refuse it, or a hole in one container be one in the machine."""
    spec = pods()[name]
    assert spec["securityContext"]["runAsNonRoot"]
    assert not spec["automountServiceAccountToken"]
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} == set(container["resources"])


def test_settings_of_the_cluster_are_settings():
    """A misspelt variable would be passed over in silence."""
    settings = manifests()["ConfigMap", "covgate"]["data"]
    assert set(settings) <= VARIABLES
    told = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for secret in ("covgate", "covgate-key", "valkey"):
        assert f"create secret generic {secret} " in told


def test_workers_grow_by_a_figure_that_there_is():
    """The number of workers would never change."""
    (metric,) = manifests()["HorizontalPodAutoscaler", "worker"]["spec"]["metrics"]
    name = metric["external"]["metric"]["name"]
    assert f'"{name}"' in (ROOT / "bot" / "metrics.py").read_text(encoding="utf-8")


def test_the_world_does_not_see_what_operators_see():
    """Anybody could read how much is going on, and in how many repositories."""
    (rule,) = manifests()["Ingress", "bot"]["spec"]["rules"]
    paths = {one["path"]: one["backend"]["service"]["name"] for one in rule["http"]["paths"]}
    assert paths == {"/metrics": "closed", "/readyz": "closed", "/": "bot"}
    assert "selector" not in manifests()["Service", "closed"]["spec"]


def test_the_backup_finds_the_database():
    """A backup of nothing would be found out on the day when it is needed."""
    command = pods()["backup"]["containers"][0]["command"][2]
    line = next(line for line in command.splitlines() if "address=" in line).strip()
    address = "postgresql+psycopg://covgate:secret@db.example.com:5432/covgate"
    done = subprocess.run(
        ["sh", "-euc", f'COVGATE_DATABASE_URL={address}; {line}; printf %s "$address"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "postgresql://covgate:secret@db.example.com:5432/covgate"
