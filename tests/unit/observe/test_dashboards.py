"""The dashboard and the alert rules: each metric and label that they name exists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from ruamel.yaml import YAML

from running import ROOT
from runway_videos.observe.exposition import FAMILIES

PROMTOOL = shutil.which("promtool")
DEPLOYING = ROOT / "tests" / "deploying"
_SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
#: By the name of a sample: the labels that it has.
SAMPLES = {
    name + suffix: {*family.labels, *(("le",) if suffix == "_bucket" else ())}
    for name, family in FAMILIES.items()
    for suffix in _SUFFIXES[family.kind]
}
#: What Prometheus adds to all.
ADDED = {"instance", "job"}


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOYING / "grafana.json").read_text())
    return found


def rules() -> list[dict[str, Any]]:
    (group,) = YAML(typ="safe").load((DEPLOYING / "alerts.yaml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


PANELS = {panel["title"]: [each["expr"] for each in panel["targets"]] for panel in dashboard()["panels"]}
ALERTS = {rule["alert"]: [rule["expr"]] for rule in rules()}


@pytest.mark.parametrize(("title", "expressions"), [*PANELS.items(), *ALERTS.items()])
def test_each_metric_and_label_exists(title: str, expressions: list[str]) -> None:
    for expression in expressions:
        names = re.findall(r"\brunway_\w+", expression)
        assert names, title
        assert set(names) <= set(SAMPLES), expression
        labels = {label for name in names for label in SAMPLES[name]} | ADDED
        for listed in re.findall(r"by \(([^)]*)\)", expression):
            assert {label.strip() for label in listed.split(",")} <= labels, expression
        for selector in re.findall(r"{([^}]*)}", expression):
            assert set(re.findall(r"(\w+)=", selector)) <= labels, expression
        assert expression.count("(") == expression.count(")")


def test_every_metric_is_on_the_dashboard() -> None:
    shown = " ".join(each for expressions in PANELS.values() for each in expressions)
    used = set(re.findall(r"\brunway_\w+", shown))
    suffixes = {name: _SUFFIXES[family.kind] for name, family in FAMILIES.items()}
    assert [name for name in FAMILIES if used.isdisjoint(name + each for each in suffixes[name])] == []


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_promtool_says_when_each_alert_comes() -> None:
    done = subprocess.run(
        [str(PROMTOOL), "test", "rules", str(DEPLOYING / "alerts_test.yaml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_says_what_is_wrong() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]
        named = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        by = {
            each.strip() for group in re.findall(r"by \(([^)]*)\)", rule["expr"]) for each in group.split(",")
        }
        assert named <= by | {"instance"}


def test_the_operators_page_has_every_metric() -> None:
    page = (ROOT / "addon/runway_videos/observe/README.md").read_text()
    rows = dict(re.findall(r"^\| `(runway_\w+)` \| ([^|]*) \|", page, re.MULTILINE))
    names = {name + ("_total" if family.kind == "counter" else "") for name, family in FAMILIES.items()}
    assert set(rows) == names
    for name, family in FAMILIES.items():
        row = rows[name + ("_total" if family.kind == "counter" else "")]
        assert re.findall(r"`(\w+)`", row) == list(family.labels)


def test_panels_do_not_lie_on_each_other() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard()["panels"]]
    assert len(set(places)) == len(places)
    assert all(x % 8 == 0 and x < 24 for x, _ in places)
