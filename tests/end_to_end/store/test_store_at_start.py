"""A store that is away when the proxy starts, and comes."""

from __future__ import annotations

import contextlib

import pytest

from asking import until, web
from end_to_end.store.conftest import Pair
from faulty.gateway import lines_with
from redis_server import needs_redis
from unit.certificates import certificate_file

pytestmark = [pytest.mark.slow, needs_redis]


@pytest.fixture(params=["port", "socket"])
def away(request: pytest.FixtureRequest, stores: Pair) -> Pair:
    """One proxy, whose Redis is not there. What is at a socket fails at once, within the start."""
    assert stores.redis is not None
    stores.redis.kill()
    stores.redis.certificate = certificate_file(stores.redis.folder)  # with it comes the socket
    with contextlib.suppress(FileNotFoundError):
        stores.redis.socket.unlink()
    if request.param == "socket":
        stores.env["STORE"] = f"unix://:{stores.redis.password}@{stores.redis.socket}"
    stores.proxies = [stores.start()]
    return stores


@pytest.mark.parametrize("stores", ["redis"], indirect=True)
def test_it_starts_takes_no_creates_and_does_when_the_store_is_there(away: Pair) -> None:
    (proxy,) = away.proxies
    assert lines_with(proxy.log, "the store cannot be reached, creates are refused")
    refused = away.ask(0, "early")
    assert (refused.status, refused.code) == (503, "store_unavailable")
    with web(proxy.url) as asking:
        assert asking.get("/runway/readyz").status_code == 503
        assert asking.get("/runway/healthz").status_code == 200
        assert away.redis is not None
        away.redis.start()
        until(lambda: asking.get("/runway/readyz").status_code == 200 or None, "a proxy that takes creates")
    assert away.ask(0, "in time").video
    assert away.account.made("early") == []
