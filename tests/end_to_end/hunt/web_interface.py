"""mitmweb: all that its API shows, and what an operator says to it, right and wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from mitmproxy import http, io

from asking import free_port, web
from end_to_end.hunt.stand import ADMIN, ALERT_PATH, HOOK_PATH, HOOK_SECRET, PASSWORDS, SECRETS, Stand
from end_to_end.test_mitmweb import NOT_FORGED, PASSWORD

#: A key that comes by an option while the proxy runs.
ADDED = SECRETS["a key that was refused"]
_PAGES = ("/", "/options", "/state", "/events", "/commands", "/filter-help", "/flows/dump", "/processes")
_STORE = f"redis://:{PASSWORDS['store']}@127.0.0.1:6379/0"


def options_of_mitmweb() -> dict[str, Any]:
    """On a free port."""
    return {
        "program": "mitmweb",
        "web_open_browser": False,
        "web_port": free_port(),
        "web_password": PASSWORD,
    }


class WebInterface:
    """What it shows is kept in the stand's `shown`."""

    def __init__(self, stand: Stand, calls: httpx.Client) -> None:
        self._stand = stand
        self._calls = calls

    def ask(self, method: str, path: str, **more: Any) -> bytes:
        answer = self._calls.request(method, path, **more)
        where = f"mitmweb's {method} {path} ({answer.status_code})"
        self._stand.shown.append((where, answer.content))
        self._stand.shown.append((f"{where}, headers", str(answer.headers).encode()))
        return answer.content

    def say(self, command: str, *arguments: str) -> dict[str, Any]:
        """A command's answer: its `value`, or its `error`."""
        found: dict[str, Any] = json.loads(
            self.ask("POST", f"/commands/{command}", json={"arguments": arguments}, headers=NOT_FORGED)
        )
        return found

    def set(self, **values: object) -> None:
        """Sets options."""
        self.ask("PUT", "/options", json=values, headers=NOT_FORGED)


@contextmanager
def asking(stand: Stand, port: int) -> Iterator[WebInterface]:
    headers = {"Authorization": f"Bearer {PASSWORD}"}
    with web(f"http://127.0.0.1:{port}", headers=headers) as calls:
        yield WebInterface(stand, calls)


def look(mitmweb: WebInterface) -> list[dict[str, Any]]:
    """All that can be asked for, of each flow too; the flows."""
    for path in _PAGES:
        mitmweb.ask("GET", path)
    flows: list[dict[str, Any]] = json.loads(mitmweb.ask("GET", "/flows"))
    for flow in flows:
        for message in ("request", "response"):
            if (flow.get(message) or {}).get("contentLength") is None:
                continue  # mitmweb itself breaks on a body that was not kept
            base = f"/flows/{flow['id']}/{message}"
            mitmweb.ask("GET", f"{base}/content.data")
            mitmweb.ask("GET", f"{base}/content/auto.json")
            mitmweb.ask("GET", f"{base}/content/raw.json")
        for form in ("curl", "httpie", "raw"):
            mitmweb.say("export", form, f"@{flow['id']}")
    return flows


def read(mitmweb: WebInterface) -> None:
    """All that can be asked for, also of a copy of a flow."""
    flows = look(mitmweb)
    (newest, *_) = [flow["id"] for flow in flows if flow["comment"].startswith("text_to_video")]
    mitmweb.ask("POST", f"/flows/{newest}/duplicate", headers=NOT_FORGED)


def give_commands(mitmweb: WebInterface) -> None:
    assert "by-env: weight " in str(mitmweb.say("runway.keys")["value"])
    assert "by-env" in mitmweb.say("runway.keys.names")["value"]
    assert "task " in str(mitmweb.say("runway.videos")["value"])
    assert "app-1: " in str(mitmweb.say("runway.usage")["value"])
    assert mitmweb.say("runway.weight", "by-env", "2")["value"]
    for name, weight in ((ADDED, "1"), ("by-env", ADDED), (ADDED, ADDED), ("by-env", "-1")):
        assert mitmweb.say("runway.weight", name, weight)["error"]


def set_options(stand: Stand, mitmweb: WebInterface) -> None:
    """Secrets in options: where they belong, and where they do not. Then they are as they were."""
    key = {"name": "added", "value": ADDED}
    hook = {"url": stand.origin.url + HOOK_PATH, "secret": HOOK_SECRET}
    before = json.loads(mitmweb.ask("GET", "/options"))
    keys = before["runway_keys"]["value"]
    for wrong in (
        {"runway_keys": [json.dumps(key | {"weight": -1})]},
        {"runway_keys": [json.dumps({"name": ADDED, "value": ADDED})]},
        {"runway_keys": [ADDED]},
        {"runway_keys": ADDED},
        {"runway_keys": [json.dumps(key), json.dumps(key)]},
        {"runway_keys": [json.dumps(key)], "runway_poll_seconds": -1},
        {"runway_admin": ADMIN},
        {"runway_store": _STORE},
        {"runway_proxy": f"socks5://user:{PASSWORDS['proxy']}@127.0.0.1:1"},
        {"runway_webhooks": [json.dumps(hook | {"callers": [ADDED]})]},
        {"runway_webhooks": [json.dumps(hook | {"secret": "whsec_"})]},
        {"runway_alerts": [json.dumps({"url": f"http://a.example{ALERT_PATH}"})]},
    ):
        mitmweb.set(**wrong)
    mitmweb.set(runway_keys=[*keys, json.dumps(key)])
    mitmweb.set(runway_alerts=[json.dumps({"url": f"{stand.origin.url}{ALERT_PATH}"})])
    mitmweb.set(runway_webhooks=[json.dumps(hook)])
    assert "added: " in str(mitmweb.say("runway.keys")["value"])
    mitmweb.ask("GET", "/options")
    for name in ("runway_keys", "runway_alerts", "runway_webhooks"):
        mitmweb.set(**{name: before[name]["value"]})


def write_files(stand: Stand, mitmweb: WebInterface) -> None:
    """Files are looked at as all others of the folder."""
    folder = stand.proxy.folder
    mitmweb.ask("POST", "/options/save", headers=NOT_FORGED)
    assert "error" not in mitmweb.say("options.save", str(folder / "options.yaml"))
    assert "runway_fallback" in (folder / "options.yaml").read_text()
    mitmweb.say("save.file", "@all", str(folder / "saved"))
    mitmweb.say(
        "cut.save", "@all", "request.headers,request.path,comment,response.content", str(folder / "cut")
    )
    notes = list(notes_of(folder / "saved"))
    assert any("task " in comment for comment, _ in notes)
    assert any(metadata.get("outcome") == "made" for _, metadata in notes)


def notes_of(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Comment and metadata of each flow of a file."""
    with file.open("rb") as opened:
        for flow in io.FlowReader(opened).stream():
            assert isinstance(flow, http.HTTPFlow)
            yield flow.comment, flow.metadata.get("runway", {})
