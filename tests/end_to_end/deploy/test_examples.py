"""compose.yaml and kubernetes.yaml: what they name is what the image and the proxy have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploying import DEPLOY
from deploying.image import the, words
from running import ROOT
from runway_addon.conf_check import main as check
from runway_addon.shutdown import DRAIN_SECONDS, LINGER_SECONDS
from runway_videos.openai.routes import Operation, find_own

PLACE = "/run/secrets"
CONF = next(word for word in words(the("CMD")) if word.startswith("runway_conf=")).partition("=")[2]


@pytest.fixture
def compose() -> dict[str, Any]:
    """The only service of compose.yaml."""
    (found,) = YAML(typ="safe").load(DEPLOY / "compose.yaml")["services"].values()
    return dict(found)


@pytest.fixture
def kubernetes() -> dict[str, Any]:
    """The documents of kubernetes.yaml by their kind."""
    return {each["kind"]: each for each in YAML(typ="safe").load_all(DEPLOY / "kubernetes.yaml")}


def test_compose_runs_the_image_as_it_is_meant_to_be(compose: dict[str, Any]) -> None:
    assert (DEPLOY / compose["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["build"]["dockerfile"]).is_file()
    assert "command" not in compose
    assert "user" not in compose
    assert compose["read_only"] is True
    assert compose["cap_drop"] == ["ALL"]
    assert compose["ports"] == [f"127.0.0.1:{the('EXPOSE')}:{the('EXPOSE')}"]
    assert int(compose["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS + LINGER_SECONDS
    # Folders, so that a file that is replaced is seen.
    mounted = [volume.split(":") for volume in compose["volumes"]]
    assert [(target, *more) for _, target, *more in mounted] == [
        (str(Path(CONF).parent), "ro"),
        (PLACE, "ro"),
        (the("VOLUME"),),
    ]
    assert compose["environment"] == {"RUNWAY_ID_SECRET": f"file.{PLACE}/ids"}


def test_the_pod_is_asked_what_the_proxy_answers(kubernetes: dict[str, Any]) -> None:
    pod = kubernetes["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "command" not in container
    assert "args" not in container
    assert container["ports"] == [{"name": "http", "containerPort": int(the("EXPOSE"))}]
    asked = {
        name: find_own("GET", container[name]["httpGet"]["path"])
        for name in ("livenessProbe", "readinessProbe")
    }
    assert {name: found and found.operation for name, found in asked.items()} == {
        "livenessProbe": Operation.HEALTH,
        "readinessProbe": Operation.READY,
    }
    assert pod["terminationGracePeriodSeconds"] > DRAIN_SECONDS + LINGER_SECONDS
    assert f"{pod['securityContext']['fsGroup']}" == the("USER").partition(":")[2]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {"options": str(Path(CONF).parent), "secrets": PLACE, "state": the("VOLUME")}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert set(volumes) == set(mounts)
    assert volumes["options"]["configMap"]["name"] == kubernetes["ConfigMap"]["metadata"]["name"]
    # YAML has no octal numbers that all of its readers agree on.
    assert volumes["secrets"]["secret"]["defaultMode"] == 0o440
    assert container["env"] == [{"name": "RUNWAY_ID_SECRET", "value": f"file.{PLACE}/ids"}]
    labels = kubernetes["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kubernetes["Service"]["spec"]["selector"] == labels
    assert kubernetes["Deployment"]["spec"]["selector"]["matchLabels"] == labels


def test_the_pods_options_are_right(
    kubernetes: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = kubernetes["ConfigMap"]["data"]
    assert name == Path(CONF).name
    text = kubernetes["ConfigMap"]["data"][name]
    for secret in re.findall(rf"file\.{PLACE}/([a-z0-9-]+)", text):
        (tmp_path / secret).write_text(f"key_{secret}\n")
    (tmp_path / name).write_text(text.replace(PLACE, str(tmp_path)))
    assert check([str(tmp_path / name)], {}) == 0
    said = capsys.readouterr().out
    assert "keys: team-a" in said
    assert "callers: app-1" in said
