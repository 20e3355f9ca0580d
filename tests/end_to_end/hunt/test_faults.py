"""No secret in anything that is left of a proxy to whose Runway, store, webhooks and files all went wrong."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from end_to_end.conftest import Folders, whole
from end_to_end.hunt import web_interface
from end_to_end.hunt.operations import Ask, asking
from end_to_end.hunt.receivers import ELSEWHERE, WAYS
from end_to_end.hunt.stand import ALERT_PATH, KEYS, PASSWORDS, PROMPT, bearer, standing
from end_to_end.test_mitmweb import Updates
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.gateway import SHORT_WAITS
from redis_server import RedisServer, needs_redis

pytestmark = [pytest.mark.slow, pytest.mark.long]

# A Runway that repeats the key that it was asked with, as OpenAI does.
Fault = Callable[[str], faults.Fault]
ECHOES: tuple[Fault, ...] = (
    *(partial(lambda status, key: faults.error(status, f"Incorrect API key provided: {key}."), each)
      for each in (400, 401, 429, 500)),
    lambda key: faults.Fault(does=False, status=403, body=f"<p>No access for {key}</p>".encode()),
)  # fmt: skip
CREATES = (
    *ECHOES,
    *(
        (lambda key, fault=fault: fault)
        for fault in (
            *(
                faults.bare(502),
                faults.shed(503),
                faults.NO_JSON,
                faults.NO_ID,
                faults.NOISE,
                faults.REDIRECT,
            ),
            *(faults.HALF_AN_ANSWER, faults.RESET_BEFORE_BODY, faults.RESET_AFTER_TASK, faults.VALIDATION),
            *(faults.DAILY, faults.TOO_MANY, faults.CREDITS, faults.UNAUTHORIZED),
        )
    ),
)
READS = (
    *ECHOES,
    *((lambda key, fault=fault: fault) for fault in (faults.bare(502), faults.NO_JSON, faults.NOISE)),
)
MODELS = ("gen4.5", "veo3.1", "seedance2", "seedance2_5", "veo3.1_fast", "seedance2_mini")


def plan(runway: FaultyRunway, operation: Operation, fault: Fault, count: int = 1) -> None:
    """The next requests of each key go so."""
    for name in ("by-env", "in-file"):
        account = runway.account(KEYS[name])
        account.scripts[operation].clear()
        account.plan(operation, *[fault(KEYS[name])] * count)


def creates(runway: FaultyRunway, ask: Ask) -> None:
    for at, fault in enumerate(CREATES):
        # Models take turns, so that the cooldown of a key for one does not hide the next fault.
        body = {"prompt": f"{PROMPT} {at}", "model": MODELS[at % len(MODELS)]}
        plan(runway, Operation.CREATE, fault)
        ask("POST", "/v1/videos", json=body, headers=bearer("app-1"))
    plan(runway, Operation.CREATE, lambda key: faults.GOOD, 0)


def reads(runway: FaultyRunway, ask: Ask) -> None:
    """Status, content and deletion of a video."""
    made = ask("POST", "/v1/videos", json={"prompt": "to be read"}, headers=bearer("app-2")).json()
    path = f"/v1/videos/{made['id']}"
    for fault in READS:
        for below, operation in {"": Operation.STATUS, "/content": Operation.PROBE}.items():
            plan(runway, operation, fault, 3)
            ask("GET", path + below, headers=bearer("app-2"))
            plan(runway, operation, fault, 0)
        plan(runway, Operation.DELETE, fault)
        ask("DELETE", path, headers=bearer("app-2"))


@needs_redis
def test_nothing_that_is_left_holds_a_secret(folder: Folders, tmp_path: Path) -> None:
    with (
        FaultyRunway() as runway,
        RedisServer(tmp_path, password=PASSWORDS["store"]) as redis,
        standing(
            folder(),
            runway.url,
            addon=SHORT_WAITS,
            flow_detail=4,
            runway_store="env.STORE",
            env={"STORE": redis.url},
        ) as stand,
    ):
        with asking(stand) as (_, ask):
            creates(runway, ask)
            reads(runway, ask)
            # A file that cannot be taken over.
            (stand.proxy.folder / "secret_key").write_text(f"{KEYS['in-file']} with blanks\n")
            stand.proxy.wait_for("what was in force stays so")
            redis.kill()
            ask("POST", "/v1/videos", json={"prompt": "no store"}, headers=bearer("app-1"))
            ask("GET", "/v1/videos", headers=bearer("app-1"))
        whole(stand.proxy)
    statuses = {answer.status_code for answer in stand.answers}
    assert {200, 400, 429, 502, 503} <= statuses, statuses
    assert "OUTCOME UNKNOWN" in stand.proxy.log
    assert all(stand.origin.asked(ALERT_PATH + way) for way in WAYS)
    assert stand.origin.asked(ELSEWHERE) == []
    stand.shown.extend((str(path), path.read_bytes()) for path in tmp_path.rglob("*.aof"))
    assert b"runway-videos" in stand.shown[-1][1]
    assert stand.leaks() == []


def test_a_create_that_hangs_and_is_hung_up(folder: Folders) -> None:
    """mitmweb shows it while it hangs, and what became of it."""
    options = web_interface.options_of_mitmweb()
    port: int = options["web_port"]
    with (
        FaultyRunway() as runway,
        standing(folder(), runway.url, **options) as stand,
    ):
        updates = Updates(f"http://127.0.0.1:{port}")
        accounts = [runway.account(KEYS[name]) for name in ("by-env", "in-file")]
        for account in accounts:
            account.plan(Operation.CREATE, *[faults.HELD] * 2)
        body = b'{"prompt": "hung up"}'
        headers = {**bearer("app-1"), "Content-Length": str(len(body)), "x-stainless-retry-count": "0"}
        lines = ["POST /v1/videos HTTP/1.1", "Host: x", *(": ".join(each) for each in headers.items())]
        with (
            web_interface.asking(stand, port) as mitmweb,
            socket.create_connection(("127.0.0.1", stand.proxy.port)) as client,
        ):
            client.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            runway.wait(lambda: any(each.seen[Operation.CREATE] for each in accounts), "the create")
            web_interface.look(mitmweb)
            client.close()
            stand.proxy.wait_for("client disconnect")
            web_interface.look(mitmweb)
            for account in accounts:
                account.release()
            stand.proxy.wait_for(r"created: .* caller app-1")
            with asking(stand) as (_, ask):  # else the end waits for the retry
                retry = headers | {"x-stainless-retry-count": "1"}
                assert ask("POST", "/v1/videos", content=body, headers=retry).status_code == 200
            web_interface.look(mitmweb)
            whole(stand.proxy)
        assert stand.stop() == 0
    updates.join()
    stand.shown.extend(("mitmweb's web socket", heard.encode()) for heard in updates.heard)
    assert len(runway.tasks("hung up")) == 1
    assert updates.of("flows/add", "/v1/videos")
    assert stand.leaks() == []
