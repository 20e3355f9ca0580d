"""addon/deploy/team.md, from top to bottom: its commands and files, as an operator pastes them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from asking import check_video, needs_curl, until, web
from authority import put_authority
from deploying import CONTAINERFILE, DEPLOY
from deploying.image import the
from deploying.prometheus import INSTALLED, Prometheus
from end_to_end.conftest import Folders, whole
from hooks import PATH, Hook
from running import ROOT, SERVING, Process, clean_environment
from runway_videos.alerts.trial import TEXT

pytestmark = [pytest.mark.slow, needs_curl]

_PAGE = (DEPLOY / "team.md").read_text()
KEYS = ("key_of_org_a", "key_of_org_b")
CALLERS = ("web", "mobile", "batch")
WEIGHTS = "keys: org-a (weight 3 = 75%), org-b (weight 1 = 25%)"


# What blocks define for those below them, in the same shell.
_FUNCTIONS = re.findall(r"^\w+\(\) \{.*\}$", _PAGE, re.MULTILINE)


def block(name: str) -> str:
    """A block of the page: commands (`run: …`) or a file (`conf: …`)."""
    (found,) = re.findall(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```\n", _PAGE, re.DOTALL)
    return str(found)


class Operator:
    """Who follows the page, in a folder that is the top of a checkout; ports are free ones."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._ports: dict[str, str] = {}
        for name in ("addon", "tests", ".lock"):
            (folder / name).symlink_to(ROOT / name)
        (folder / ".venv").symlink_to(Path(sys.prefix))
        put_authority(folder / ".mitmproxy")
        self.env = clean_environment({"HOME": str(folder)})

    def paste(self, name: str, answers: str = "") -> str:
        """Pastes a block into a shell; gives what it writes."""
        return self.shell(block(f"run: {name}"), answers)

    def shell(self, commands: str, answers: str = "") -> str:
        """What commands write, in a shell that has the page's functions."""
        text = self._here("\n".join((*_FUNCTIONS, commands)))
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=self.env,
            input=answers,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def write(self, name: str) -> str:
        """Writes a file that the page shows, and gives it."""
        text = self._here(block(f"conf: {name}"))
        (self.folder / name).write_text(text)
        return text

    def leave_running(self, name: str, port: str, pattern: str | re.Pattern[str], *more: str) -> Process:
        """Starts what has a terminal of its own; the page's `port` is where it listens from now on."""
        command = [
            "bash",
            "-c",
            f"exec env {block(f'run: {name}').strip().replace(port, '0')} {' '.join(more)}",
        ]
        process = Process([self._here(word) for word in command], self.env, self.folder)
        self._stack.callback(process.kill)
        self._ports[f"127.0.0.1:{port}"] = f"127.0.0.1:{process.wait_for(pattern)[2]}"
        return process

    def secret(self, name: str) -> str:
        return (self.folder / "secrets" / name).read_text().strip()

    def _here(self, text: str) -> str:
        for page, here in self._ports.items():
            text = text.replace(page, here)
        return text


@pytest.fixture
def hook() -> Iterator[Hook]:
    """The channel that is told of alerts."""
    hook = Hook()
    with hook.origin:
        yield hook


@pytest.fixture
def operator(folder: Folders) -> Iterator[Operator]:
    with ExitStack() as stack:
        yield Operator(folder(), stack)


def test_the_page_from_top_to_bottom(operator: Operator, hook: Hook) -> None:
    runway = operator.leave_running("rehearsal", "9999", r"(http://127\.0\.0\.1):(\d+)$")
    check_files(operator, hook)
    proxy = operator.leave_running("start", "8080", SERVING, "--listen-port", "0")
    proxy.wait_for("key org-b: 1,000,000 credits")
    check_creates(operator, hook)
    check_numbers(operator)
    check_prometheus(operator)
    account = operator.paste("account")
    assert account.startswith("3 made, 192 credits")
    assert account.splitlines()[-1] == "2 made, 128 credits, 0 unexplained"
    check_changes(operator, proxy)
    for secret in (*(operator.secret(name) for name in (*CALLERS, "admin", "ids")), *KEYS, PATH):
        assert secret not in proxy.log
    whole(proxy)
    assert proxy.stop() == 0
    assert runway.stop() == 0
    check_the_way_to_runway(operator)


def check_files(operator: Operator, hook: Hook) -> None:
    operator.paste("given", answers="\n".join((*KEYS, hook.url, "")))
    operator.paste("made")
    assert [operator.secret(name) for name in ("org-a", "org-b", "slack")] == [*KEYS, hook.url]
    assert len({operator.secret(name) for name in (*CALLERS, "admin", "ids")}) == 5
    assert all((operator.folder / name).stat().st_mode & 0o077 == 0 for name in ("etc", "secrets", "var"))
    operator.write("etc/mitm.conf")
    checked = operator.paste("check")
    assert WEIGHTS in checked
    assert checked.splitlines()[-1].endswith(" took a message")
    (trial,) = hook.origin.requests
    assert json.loads(trial.body)["text"].startswith(TEXT)


def check_creates(operator: Operator, hook: Hook) -> None:
    made = [check_video(json.loads(line)) for line in operator.paste("create").splitlines()]
    assert len({video["id"] for video in made}) == 3
    refused = json.loads(operator.paste("limit"))["error"]
    assert refused["code"] == "insufficient_quota"
    assert "may spend 100 credits a day, 64 are spent" in refused["message"]
    until(lambda: [1 for asked in hook.origin.requests if b"budget" in asked.body] or None, "an alert")


def check_numbers(operator: Operator) -> None:
    ready, usage, *metrics = operator.paste("watch").splitlines()
    assert json.loads(ready) == {"status": "ready"}
    assert {each["caller"]: each["credits"] for each in json.loads(usage)["data"]} == dict.fromkeys(
        CALLERS, 64
    )
    assert 'runway_key_balance_credits{key="org-a"} 999872.0' in metrics
    made = [line for line in metrics if line.startswith("runway_creates_total") and 'outcome="made"' in line]
    assert sum(float(line.split()[-1]) for line in made) == 3
    own = operator.shell(
        'curl -sS -H "Authorization: Bearer $(cat secrets/mobile)" http://127.0.0.1:8080/runway/usage'
    )
    assert json.loads(own)["caller"] == "mobile"


def check_prometheus(operator: Operator) -> None:
    """It finds what the file names, paths in it being below its own folder, and gets the numbers."""
    text = operator.write("etc/prometheus.yml")
    conf = YAML(typ="safe").load(text)
    folder = operator.folder / "etc"
    assert all((folder / path).is_file() for path in conf["rule_files"])
    (job,) = conf["scrape_configs"]
    ((target,),) = (each["targets"] for each in job["static_configs"])
    token = (folder / job["authorization"]["credentials_file"]).read_text().strip()
    with web(f"http://{target}") as prometheus:
        got = prometheus.get(job["metrics_path"], headers={"Authorization": f"Bearer {token}"})
    assert got.status_code == 200
    assert 'runway_unfinished_videos{caller="web"}' in got.text
    if INSTALLED:
        (folder / "prometheus.yml").write_text(text.replace("15s", "1s"))
        command = block("run: prometheus").split()
        with Prometheus(command, "9095", operator.folder) as real:
            until(lambda: real.ask("runway_ready") == ["1"] or None, "a scrape")
            assert real.ask("sum(runway_credits_total)") == ["192"]
            assert real.health_of_rules() <= {"ok", "unknown"}


def check_changes(operator: Operator, proxy: Process) -> None:
    operator.paste("change")
    proxy.wait_for("configuration: new runway_keys")
    assert weights(operator.shell("operator /api/providers")) == {"org-a": 3, "org-b": 0}
    assert weights(operator.paste("providers")) == {"org-a": 3, "org-b": 1}


def weights(answer: str) -> dict[str, float]:
    """Of the keys, as the answer shows them."""
    return {key["name"]: key["weight"] for key in json.loads(answer)["keys"]}


def check_the_way_to_runway(operator: Operator) -> None:
    kept = operator.folder / "var/prometheus"  # where the page's Prometheus has what it saw
    kept.mkdir(exist_ok=True)
    operator.paste("real", answers="key_1\nkey_2\n")
    assert [operator.secret(name) for name in ("org-a", "org-b")] == ["key_1", "key_2"]
    assert list((operator.folder / "var").iterdir()) == [kept]
    checked = operator.shell(block("run: check").replace(" --alerts", ""))
    assert "Runway's API is taken to be" not in checked
    assert WEIGHTS in checked
    check_the_way_into_a_container(operator)


def check_the_way_into_a_container(operator: Operator) -> None:
    operator.paste("moved")
    text = (operator.folder / "etc/mitm.conf").read_text()
    named = re.findall(r"file\.(\S+?)[,}\s]", text)
    assert {Path(path).parent for path in named} == {Path("/run/secrets")}
    assert all((operator.folder / "secrets" / Path(path).name).is_file() for path in named)
    conf = YAML(typ="safe").load(text)
    state = the("VOLUME")
    assert conf["runway_store"] == f"sqlite:{state}/runway.db"
    assert conf["runway_audit"] == f"{state}/account.jsonl"
    (unit,) = re.findall(
        r"file\./run/credentials/\S+?/secret_", (DEPLOY / "runway-videos.service").read_text()
    )
    assert f"`{unit}`" in _PAGE


def test_what_is_installed_is_what_the_image_has() -> None:
    assert re.findall(r"-r (\S+)", block("run: install")) == [".lock/service.txt"]
    assert "-r .lock/service.txt" in CONTAINERFILE.read_text()
