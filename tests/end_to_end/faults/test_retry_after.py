"""What a refused create tells of waiting: what Runway says, and little where it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from asking import error_of, web
from faulty import FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client, create
from faulty.gateway import gateway
from running import Proxy

pytestmark = pytest.mark.slow

MODELS = dict.fromkeys(("said", "silent", "long", "shed", "once"), 1)


@pytest.fixture(scope="module")
def runway() -> Iterator[FaultyRunway]:
    with FaultyRunway() as runway:
        yield runway


@pytest.fixture(scope="module")
def proxy(folder: Callable[[], Path], runway: FaultyRunway) -> Iterator[Proxy]:
    with gateway(folder(), runway, MODELS, short_waits=True) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def calls(proxy: Proxy) -> Iterator[httpx.Client]:
    with web(proxy.url) as calls:
        yield calls


@pytest.mark.parametrize(
    ("model", "fault", "said", "status", "told"),
    [
        ("said", faults.TOO_MANY, "2", 429, "2"),
        ("silent", faults.TOO_MANY, "", 429, "5"),
        ("long", faults.TOO_MANY, "999999", 429, "3600"),
        ("shed", faults.shed(503), "3", 503, "3"),
    ],
)
def test_a_refusal_says_when_to_come_back(
    runway: FaultyRunway,
    calls: httpx.Client,
    model: str,
    fault: faults.Fault,
    said: str,
    status: int,
    told: str,
) -> None:
    account = runway.account(f"{model}-a")
    account.plan(Operation.CREATE, *[msgspec.structs.replace(fault, retry_after=said)] * 3)
    answer = calls.post("/v1/videos", json={"model": f"runway/{model}", "prompt": "again"})
    error_of(answer, status)
    assert answer.headers["retry-after"] == told
    assert account.tasks == []


def test_a_stock_client_has_its_video_after_a_short_refusal(runway: FaultyRunway, proxy: Proxy) -> None:
    account = runway.account("once-a")
    account.plan(Operation.CREATE, msgspec.structs.replace(faults.TOO_MANY, retry_after="1"))
    with Client(proxy.base_url) as user:
        assert create(user, model="runway/once", prompt="once").video
    assert len(account.tasks) == 1
