"""HAProxy and nginx with the lines for TLS: what they promise holds for clients that speak HTTP/2, too."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import asking
from asking import error_of
from balancers import needs_haproxy, needs_nginx
from faulty import departures
from faulty.gateway import PICTURE
from faulty.pair import TOKEN, AnyBalancer, Pair, two_proxies
from faulty.server import VIDEO
from unit.certificates import certificate_file

pytestmark = [pytest.mark.slow, pytest.mark.long]

BEARER = {"Authorization": f"Bearer {TOKEN}"}
OPERATORS = ("/runway/metrics", "/runway/usage", "/api/providers")
FRONTS = [pytest.param("balancer", marks=needs_haproxy), pytest.param("nginx", marks=needs_nginx)]


@pytest.fixture
def pair(folder: Callable[[], Path]) -> Iterator[Pair]:
    """Two proxies whose key is for all models, those that remix included."""
    with two_proxies(folder, runway_keys=['{"name": "any-a", "value": "any-a"}']) as pair:
        yield pair


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
            picture = ("a.png", PICTURE, "image/png")  # 5 MB
            made = user.videos.create(model="runway/any", prompt="it", input_reference=picture)
            video = user.videos.poll(made.id, poll_interval_ms=50)
            assert video.status == "completed"
            assert user.videos.download_content(made.id).read() == VIDEO
            remixed = user.videos.remix(made.id, prompt="again")
            assert remixed.remixed_from_video_id == made.id
            assert user.videos.delete(made.id).deleted
        with httpx.Client(base_url=front.base_url, trust_env=False, **trust) as stranger:
            answer = stranger.get(f"/videos/{made.id}")
            assert answer.http_version == ("HTTP/2" if http2 and name == "nginx" else "HTTP/1.1")
            error_of(answer, 401)
            for path in ("/runway/metrics", "/runway/usage"):
                assert stranger.get(f"https://127.0.0.1:{front.port}{path}").status_code == 401
        assert len(pair.account.tasks) == 2


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("name", FRONTS)
def test_a_client_that_comes_back_finds_its_create(
    pair: Pair, certificate: Path, name: str, http2: bool
) -> None:
    with front_of(pair, name, certificate) as front:
        tasks = pair.leave_and_come_back(front, http=trusting(certificate, http2))
    assert tasks == departures.JOINED.tasks


@pytest.mark.parametrize("name", FRONTS)
def test_the_operators_token_alone_opens_the_operators_pages(
    folder: Callable[[], Path], certificate: Path, tmp_path: Path, name: str
) -> None:
    """Whatever a stranger says of where it comes from."""
    (tmp_path / "admin").write_text("the-token-of-the-operator")
    signs = ("X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "Host")
    with (
        two_proxies(folder, runway_admin=f"file.{tmp_path / 'admin'}") as pair,
        front_of(pair, name, certificate) as front,
        httpx.Client(trust_env=False, **trusting(certificate, True)) as user,
    ):

        def status(path: str, headers: dict[str, str]) -> int:
            return user.get(f"https://127.0.0.1:{front.port}{path}", headers=headers).status_code

        admin = {"Authorization": "Bearer the-token-of-the-operator"}
        for sign in signs:
            pretends = {sign: "127.0.0.1", "X-Forwarded-Proto": "http", "Connection": sign}
            assert [status(path, pretends) for path in OPERATORS] == [401] * 3
        assert [status(path, BEARER) for path in OPERATORS] == [200, 200, 401]
        assert [status(path, admin) for path in OPERATORS] == [200] * 3


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
