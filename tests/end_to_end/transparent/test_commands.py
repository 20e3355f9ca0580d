"""addon/deploy/transparent.md, command by command, for clients that know `https://api.openai.com` alone."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import check_video, needs_curl
from end_to_end.transparent.conftest import HOST, KEY, PINNED, WORDS, Site
from running import ROOT

pytestmark = pytest.mark.slow

APPLICATION = Path(__file__).with_name("application.py")
URL = f"https://{HOST}"
BEARER = f"Authorization: Bearer {KEY}"


@pytest.fixture(params=["nft", "iptables"])
def ruled(request: pytest.FixtureRequest, site: Site) -> Iterator[Site]:
    """With the file's rules in force."""
    site.set_rules(request.param)
    yield site
    site.undo_rules(request.param)


def test_a_stock_application(ruled: Site) -> None:
    prompt = f"openai-python {time.monotonic_ns()}"
    tests = ROOT / "tests"
    path = f"PYTHONPATH={tests}"
    found = json.loads(ruled.run("env", path, sys.executable, "-B", str(APPLICATION), prompt))
    assert found["video"]["status"] == "completed"
    assert found["video"]["id"].startswith("video_rw")
    assert found["video"]["sha256"] == hashlib.sha256(clip(ruled)).hexdigest()
    assert len(ruled.sandbox_server.creates(prompt)) == 1
    assert (found["chat"], found["web_socket"]) == ("".join(WORDS), "hello")
    assert ruled.standin.asked("/v1/chat")[-1].headers["authorization"] == f"Bearer {KEY}"
    assert ruled.standin.asked("/v1/realtime")[-1].headers["sec-websocket-protocol"].endswith(KEY)
    assert ruled.standin.asked("/v1/videos") == []
    assert ruled.standin.tls_6.requests == []


def clip(site: Site) -> bytes:
    """The bytes of an upright video."""
    content: bytes = site.sandbox_server.sandbox.clips[True].read()
    return content


def curl(site: Site, *arguments: str) -> bytes:
    """What curl writes on the application's machine, with the application's key."""
    quiet = ("-q", "--silent", "--show-error", "--max-time", "30")
    return site.run("curl", *quiet, "-H", BEARER, *arguments)


def unopened(site: Site) -> tuple[str, ...]:
    """Options by which curl trusts the far end's own CA alone, not the proxy's."""
    return ("--cacert", str(site.standin.ca), "--capath", str(site.standin.ca.with_name("empty")))


@needs_curl
def test_curl(ruled: Site) -> None:
    prompt = f"curl {time.monotonic_ns()}"
    body = json.dumps({"prompt": prompt})
    video = check_video(
        json.loads(curl(ruled, f"{URL}/v1/videos", "-H", "Content-Type: application/json", "-d", body))
    )
    where = f"{URL}/v1/videos/{video['id']}"
    while json.loads(curl(ruled, where))["status"] != "completed":
        time.sleep(0.1)
    assert curl(ruled, f"{where}/content") == clip(ruled)
    chat = curl(ruled, "--no-buffer", f"{URL}/v1/chat/completions", "-d", "{}").decode()
    assert chat.count("data: ") == len(WORDS) + 1
    assert len(ruled.sandbox_server.creates(prompt)) == 1
    assert ruled.standin.asked("/v1/videos") == []


@needs_curl
def test_a_key_stays_where_nobody_can_be_sure_who_gets_it(ruled: Site) -> None:
    """Without TLS it does not go on; another key does, which is no token, as all are without callers."""
    for key, kept in ((BEARER, ruled.case == "here"), ("Authorization: Bearer sk-of-another", True)):
        path = f"/{time.monotonic_ns()}"
        curl(ruled, f"http://{HOST}{path}", "-H", "Authorization:", "-H", key)
        (asked,) = ruled.standin.asked(path)
        assert ("authorization" in asked.headers) is kept


@needs_curl
def test_a_host_that_is_left_alone_is_not_opened(ruled: Site) -> None:
    """Its client sees its own certificate, and takes no other."""
    path = f"/pinned/{time.monotonic_ns()}"
    curl(ruled, *unopened(ruled), f"https://{PINNED}{path}")
    assert len(ruled.standin.asked(path)) == 1
    with pytest.raises(AssertionError, match="certificate"):  # the redirect is in force
        curl(ruled, *unopened(ruled), f"{URL}{path}")


@needs_curl
@pytest.mark.parametrize("tool", ["nft", "iptables"])
def test_undone_the_way_is_what_it_was(site: Site, tool: str) -> None:
    """Over IPv6 too, so that the rules are what keeps the others from it. And the gateway forwards."""
    site.set_rules(tool)
    site.undo_rules(tool)
    for version in ("-4", "-6"):
        path = f"/direct/{time.monotonic_ns()}"
        curl(site, version, *unopened(site), f"{URL}{path}")
        assert len(site.standin.asked(path)) == 1
