"""A proxy with every kind of secret, and what it wrote and said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from asking import free_port, web
from end_to_end.hunt.wanted import LINKS, Wanted
from end_to_end.test_mitmweb import PASSWORD
from origins import Exchange, Origin
from running import Proxy

# With signs that look another way in a URL, in JSON and in Base64 for URLs.
KEYS = {
    "by-env": "key_hunt/of-the-environment+1=?~~~",
    "in-file": "key_hunt/of-a-file-of-its-own+2=?~~~",
    "posted": "key_hunt/posted-while-it-runs+3=?~~~",
}
TOKENS = {"app-1": "token_hunt/app+1=?~~~", "app-2": "token_hunt/app+2=?~~~"}
ADMIN = "admin_hunt/token+1=?~~~"
HOOK_SECRET = "whsec_aHVudC9zZWNyZXQvb2YvdGhlL3dlYmhvb2srMT0/fn5+"
HOOK_PATH = "/hook/hunt-of-a-path?token=hunt-of-a-query"
ALERT_PATH = "/services/T0/B0/hunt-of-an-alert"
PASSWORDS = {"store": "hunt-store+1=~~~", "proxy": "hunt-proxy+1=~~~"}
NOBODY = "a stranger's token"
SECRETS = {
    **{f"the key {name}": value for name, value in KEYS.items()},
    **{f"the token of {name}": value for name, value in TOKENS.items()},
    NOBODY: "token_hunt/of+nobody=?~~~",
    "a key that was refused": "key_hunt/that-was-refused+4=?~~~",
    "the operator's token": ADMIN,
    "the webhooks' secret": HOOK_SECRET,
    "the webhooks' path": HOOK_PATH.partition("?")[0],
    "the webhooks' query": HOOK_PATH.partition("?")[2],
    "the alerts' path": ALERT_PATH,
    "the store's password": PASSWORDS["store"],
    "the outbound proxy's password": PASSWORDS["proxy"],
    "the ids' secret": "ids_hunt/secret+1=?~~~",
}
PROMPT = "a prompt that nobody else may read"
WANTED = Wanted(SECRETS | LINKS)
CONF = """
termlog_verbosity: debug
runway_poll_seconds: 0
runway_keys:
  - {name: by-env, value: env.MY_KEY, weight: 1}
  - {name: in-file, value: file.secret_key, weight: 1}
runway_callers:
  - {name: app-1, value: env.MY_TOKEN}
  - {name: app-2, value: file.secret_token}
runway_admin: file.secret_admin
runway_audit: audit.jsonl
runway_webhooks:
  - {url: HOOK_URL, secret: file.secret_hook}
runway_alerts:
  - {url: env.ALERT_URL}
"""


class Stand(msgspec.Struct, frozen=True):
    """The proxy, where its other calls, webhooks and alerts go, and its answers so far."""

    proxy: Proxy
    origin: Origin
    answers: list[httpx.Response]
    shown: list[tuple[str, bytes]]

    def leaks(self) -> list[str]:
        """Secrets in what it said and showed, and in all files of its folder but an operator's own."""
        folder = self.proxy.folder
        own = ("secret_", "mitmproxy-", "mitm.conf")
        files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(own)]
        places = [("the log", self.proxy.log.encode()), *self.shown]
        places += [(str(path.relative_to(folder)), path.read_bytes()) for path in files]
        for answer in self.answers:
            where = f"the answer to {answer.request.method} {answer.request.url.path}"
            places += [(where, str(answer.headers).encode()), (where, answer.content)]
        return [f"{where}: {found}" for where, data in places for found in WANTED.found_in(data)]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


@contextmanager
def standing(
    folder: Path, runway_url: str, *, conf: str = "", env: Mapping[str, str] = {}, **options: Any
) -> Iterator[Stand]:
    """mitmdump or, with `program`, another one."""
    for name, secret in {
        "key": KEYS["in-file"], "token": TOKENS["app-2"], "admin": ADMIN, "hook": HOOK_SECRET,
    }.items():  # fmt: skip
        (folder / f"secret_{name}").write_text(f"{secret}\n")
    with Origin() as origin:
        origin.routes[HOOK_PATH.partition("?")[0]] = _once_broken()
        all_env = {
            "MY_KEY": KEYS["by-env"],
            "MY_TOKEN": TOKENS["app-1"],
            "ALERT_URL": origin.url + ALERT_PATH,
            "RUNWAY_ID_SECRET": SECRETS["the ids' secret"],
        }
        text = CONF.replace("HOOK_URL", origin.url + HOOK_PATH) + conf
        with Proxy(
            folder,
            conf=text,
            env={**all_env, **env},
            save_stream_file=folder / "flows",
            runway_base_url=runway_url,
            runway_hosts=["api.openai.com", "127.0.0.1"],
            runway_fallback=origin.url,
            **options,
        ) as proxy:
            yield Stand(proxy, origin, [], [])


def _once_broken() -> Any:
    statuses = [500]

    def answer(exchange: Exchange) -> None:
        exchange.reply(statuses.pop() if statuses else 200, b"")

    return answer


def web_interface() -> dict[str, Any]:
    """Options of mitmweb on a free port."""
    return {
        "program": "mitmweb",
        "web_open_browser": False,
        "web_port": free_port(),
        "web_password": PASSWORD,
    }


def read_web_interface(stand: Stand, port: int) -> None:
    """All that mitmweb's API shows, kept in `shown`."""
    headers = {"Authorization": f"Bearer {PASSWORD}"}
    url = f"http://127.0.0.1:{port}"
    with web(url, headers=headers) as api:

        def read(path: str, method: str = "GET", **more: Any) -> bytes:
            answer = api.request(method, path, **more)
            stand.shown.append((f"mitmweb's {method} {path} ({answer.status_code})", answer.content))
            stand.shown.append((f"mitmweb's headers of {path}", str(answer.headers).encode()))
            return answer.content

        for path in ("/", "/options", "/state", "/events", "/commands", "/filter-help", "/flows/dump"):
            read(path)
        flows = json.loads(read("/flows"))
        assert len(flows) > 30
        for flow in flows:
            for message in ("request", "response"):
                if (flow.get(message) or {}).get("contentLength") is None:
                    continue  # mitmweb itself breaks on a body that was not kept
                base = f"/flows/{flow['id']}/{message}"
                read(f"{base}/content.data")
                read(f"{base}/content/auto.json")
                read(f"{base}/content/raw.json")
