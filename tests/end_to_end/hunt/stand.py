"""A proxy with every kind of secret, and what it wrote and said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from end_to_end.hunt.receivers import WAYS, Receivers, addresses
from end_to_end.hunt.wanted import LINKS, Wanted
from far_ends import PasswordProxy
from origins import Origin
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
KEPT = Wanted(SECRETS)
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
"""


class Stand(msgspec.Struct, frozen=True):
    """The proxy, where its other calls, webhooks and alerts go, and its answers so far.

    `shown` is what else it said, with where; `outbound` the proxy by which it asks Runway.
    """

    proxy: Proxy
    origin: Origin
    receivers: Receivers
    outbound: PasswordProxy | None = None
    answers: list[httpx.Response] = []
    shown: list[tuple[str, bytes]] = []

    def stop(self) -> int:
        """Ends the proxy; the exit status."""
        self.receivers.let_go()
        return self.proxy.stop()

    def leaks(self) -> list[str]:
        """Secrets in what it said, showed and sent, and in all files of its folder but an operator's own."""
        folder = self.proxy.folder
        own = ("secret_", "mitmproxy-", "mitm.conf")
        files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(own)]
        places = [("the log", self.proxy.log.encode()), *self.shown]
        places += [(str(path.relative_to(folder)), path.read_bytes()) for path in files]
        for answer in self.answers:
            where = f"the answer to {answer.request.method} {answer.request.url.path}"
            places += [(where, str(answer.headers).encode()), (where, answer.content)]
        found = [f"{where}: {found}" for where, data in places for found in WANTED.found_in(data)]
        # Links are Runway's own.
        return found + [f"{where}: {found}" for where, data in self._sent() for found in KEPT.found_in(data)]

    def _sent(self) -> Iterator[tuple[str, bytes]]:
        """What went to others: without what is a secret between the proxy and them."""
        told = (HOOK_PATH.partition("?")[0], ALERT_PATH)
        for asked in self.origin.requests:
            where = "a request to a receiver" if asked.path.startswith(told) else "a request to the fallback"
            path = "" if asked.path.startswith(told) else asked.path
            yield where, f"{path} {asked.headers}".encode()
            yield where, asked.body
        for asked in self.outbound.requests if self.outbound else ():
            own = ("authorization", "proxy-authorization")
            headers = {name: value for name, value in asked.headers.items() if name not in own}
            path = asked.path.partition("?")[0]  # a link is signed
            yield f"a request to Runway, {asked.method} {path}", f"{path} {headers}".encode()
            yield f"a body to Runway, {path}", asked.body


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


@contextmanager
def standing(
    folder: Path,
    runway_url: str,
    *,
    conf: str = "",
    env: Mapping[str, str] = {},
    outbound: PasswordProxy | None = None,
    **options: Any,
) -> Iterator[Stand]:
    """mitmdump or, with `program`, another one."""
    for name, secret in {
        "key": KEYS["in-file"], "token": TOKENS["app-2"], "admin": ADMIN, "hook": HOOK_SECRET,
    }.items():  # fmt: skip
        (folder / f"secret_{name}").write_text(f"{secret}\n")
    with Origin() as origin:
        receivers = Receivers(origin, HOOK_PATH.partition("?")[0], ALERT_PATH)
        all_env = {
            "MY_KEY": KEYS["by-env"],
            "MY_TOKEN": TOKENS["app-1"],
            **{f"ALERT_{at}": url for at, url in enumerate(addresses(origin.url, ALERT_PATH))},
            "RUNWAY_ID_SECRET": SECRETS["the ids' secret"],
        }
        text = CONF + conf + receivers_conf(origin.url)
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
            try:
                yield Stand(proxy, origin, receivers, outbound)
            finally:
                receivers.let_go()


def receivers_conf(url: str) -> str:
    """The options that tell all receivers."""
    hooks = [{"url": each, "secret": "file.secret_hook"} for each in addresses(url, HOOK_PATH)]
    alerts = [{"url": f"env.ALERT_{at}"} for at in range(len(WAYS))]
    return f"runway_webhooks: {json.dumps(hooks)}\nrunway_alerts: {json.dumps(alerts)}\n"
