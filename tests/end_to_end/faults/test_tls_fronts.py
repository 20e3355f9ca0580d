"""HAProxy and nginx with the lines for TLS: what they promise holds for clients that speak HTTP/2, too."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import asking
from asking import PNG, error_of
from balancers import needs_haproxy, needs_nginx
from faulty.pair import TOKEN, AnyBalancer, Pair, two_proxies
from unit.certificates import certificate_file

pytestmark = pytest.mark.slow

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FRONTS = [pytest.param("balancer", marks=needs_haproxy), pytest.param("nginx", marks=needs_nginx)]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return certificate_file(tmp_path)


def trusting(certificate: Path, http2: bool) -> dict[str, Any]:
    """Options of an httpx client."""
    return {"verify": ssl.create_default_context(cafile=certificate), "http2": http2}


def front_of(pair: Pair, name: str, certificate: Path) -> AnyBalancer:
    front: AnyBalancer = getattr(pair, name)(certificate=certificate)
    return front


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("name", FRONTS)
def test_a_stock_client(pair: Pair, certificate: Path, name: str, http2: bool) -> None:
    with front_of(pair, name, certificate) as front:
        trust = trusting(certificate, http2)
        with asking.client(front.base_url, TOKEN, http=trust) as user:
            picture = ("a.png", PNG, "image/png")
            made = user.videos.create(model="runway/any", prompt="it", input_reference=picture)
            video = user.videos.poll(made.id, poll_interval_ms=50)
            assert video.status == "completed"
            assert user.videos.download_content(made.id).read()
            assert user.videos.delete(made.id).deleted
        with httpx.Client(base_url=front.base_url, trust_env=False, **trust) as stranger:
            answer = stranger.get(f"/videos/{made.id}")
            assert answer.http_version == ("HTTP/2" if http2 and name == "nginx" else "HTTP/1.1")
            error_of(answer, 401)
            for path in ("/runway/metrics", "/runway/usage"):
                assert stranger.get(f"https://127.0.0.1:{front.port}{path}").status_code == 401
        assert len(pair.account.tasks) == 1


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("name", FRONTS)
def test_a_create_whose_proxy_died_is_not_sent_to_the_other(
    pair: Pair, certificate: Path, name: str, http2: bool
) -> None:
    with front_of(pair, name, certificate) as front:
        found = pair.kill_during_a_create(front, trusting(certificate, http2))
    assert found == ["video 1", "video 2", "`502`, not sent again"]


@needs_haproxy
def test_over_http2_haproxy_would_have_it_sent_again(pair: Pair, certificate: Path) -> None:
    front = pair.balancer(certificate=certificate).instead("alpn http/1.1", "alpn h2,http/1.1")
    with front:
        found = pair.kill_during_a_create(front, trusting(certificate, http2=True))
    assert found == ["video 1", "video 2", "video 2", "the video, on try 2"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("name", FRONTS)
def test_old_tls_is_refused(pair: Pair, certificate: Path, name: str) -> None:
    context = ssl.create_default_context(cafile=certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        front_of(pair, name, certificate) as front,
        httpx.Client(verify=context, trust_env=False) as old,
        pytest.raises(httpx.ConnectError),
    ):
        old.get(front.base_url)


@pytest.mark.parametrize("name", FRONTS)
def test_without_callers_nobody_is_the_local_user(
    folder: Callable[[], Path], certificate: Path, name: str
) -> None:
    with (
        two_proxies(folder, runway_callers=[]) as pair,
        front_of(pair, name, certificate) as front,
        httpx.Client(trust_env=False, **trusting(certificate, True)) as stranger,
    ):
        for path in ("/v1/videos", "/runway/metrics", "/runway/usage"):
            assert stranger.get(f"https://127.0.0.1:{front.port}{path}").status_code == 403
