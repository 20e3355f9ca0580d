"""Applications that keep `https://api.openai.com` as base URL and use this as their HTTPS proxy.

No way to the real host is needed: what is ours is answered here, TLS with mitmproxy's CA.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from asking import PNG, check_video, client, curl, error_of, finished, needs_curl
from end_to_end.conftest import Folders
from origins import Exchange, Origin
from running import Proxy, clean_environment
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"), pytest.mark.slow]

OPENAI = "https://api.openai.com/v1"

# What an application is: nothing in it knows of this proxy.
APPLICATION = """
import sys
from openai import OpenAI

client = OpenAI()
video = client.videos.create_and_poll(prompt=sys.argv[1], size="1280x720", poll_interval_ms=50)
assert video.status == "completed", video
client.videos.download_content(video.id).write_to_file(sys.argv[2])
print(client.videos.delete(video.id).deleted)
"""


@pytest.fixture
def app(plain: Proxy) -> Iterator[openai.OpenAI]:
    trust = ssl.create_default_context(cafile=plain.ca)
    with client(OPENAI, http={"proxy": plain.url, "verify": trust}) as app:
        yield app


@pytest.fixture
def through(plain: Proxy) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=plain.ca)
    with httpx.Client(
        base_url="https://api.openai.com", proxy=plain.url, verify=trust, trust_env=False, timeout=60
    ) as through:
        yield through


def test_client_creates_polls_and_downloads_through_the_proxy(
    app: openai.OpenAI, sandbox_server: SandboxServer
) -> None:
    video = app.videos.create(prompt="through the proxy", input_reference=PNG)
    mode, _ = sandbox_server.task_call("through the proxy")
    assert mode == "image_to_video"
    done = app.videos.poll(video.id, poll_interval_ms=50)
    assert done.status == "completed"
    clip = sandbox_server.sandbox.clips[True].read()
    assert app.videos.download_content(video.id).read() == clip
    part = app.videos.download_content(video.id, extra_headers={"Range": "bytes=10-19"})
    assert part.read() == clip[10:20]
    with app.videos.with_streaming_response.download_content(video.id) as stream:
        assert b"".join(stream.iter_bytes()) == clip
    assert video.id in [each.id for each in app.videos.list(order="desc", limit=100).data]
    assert app.videos.delete(video.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        app.videos.retrieve(video.id)


def test_an_application_by_its_environment_alone(
    plain: Proxy, sandbox_server: SandboxServer, tmp_path: Path
) -> None:
    env = {"HTTPS_PROXY": plain.url, "SSL_CERT_FILE": str(plain.ca), "OPENAI_API_KEY": "sk-real"}
    command = [sys.executable, "-c", APPLICATION, "an application", str(tmp_path / "video.mp4")]
    done = subprocess.run(command, env=clean_environment(env), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
    assert (tmp_path / "video.mp4").read_bytes() == sandbox_server.sandbox.clips[False].read()


def test_an_application_whose_base_url_is_the_proxy(plain: Proxy, tmp_path: Path) -> None:
    env = {"OPENAI_BASE_URL": plain.base_url, "OPENAI_API_KEY": "sk-real"}
    command = [sys.executable, "-c", APPLICATION, "by base URL", str(tmp_path / "video.mp4")]
    done = subprocess.run(command, env=clean_environment(env), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


@needs_curl
@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_creates_and_downloads_through_the_proxy(
    plain: Proxy, through: httpx.Client, sandbox_server: SandboxServer, version: str, tmp_path: Path
) -> None:
    if version == "--http2" and b"HTTP2" not in curl("--version").stdout:
        pytest.skip("this curl knows no HTTP/2")
    env = {"https_proxy": plain.url, "CURL_CA_BUNDLE": str(plain.ca)}
    body = json.dumps({"prompt": f"by curl {version}"})
    made = json.loads(curl(version, f"{OPENAI}/videos", "-d", body, env=env).stdout)
    check_video(made)
    finished(through, made["id"])
    out = tmp_path / "video.mp4"
    shown = curl(
        *(version, f"{OPENAI}/videos/{made['id']}/content", "-o", str(out), "-w", "%{http_version}"), env=env
    ).stdout
    if version == "--http2":
        assert shown == b"2"
    assert out.read_bytes() == sandbox_server.sandbox.clips[True].read()


def test_errors_through_the_proxy_have_openais_shape(through: httpx.Client) -> None:
    assert error_of(through.post("/v1/videos", json={}), 400)["param"] == "prompt"
    assert error_of(through.get("/v1/videos/video_rw_unknown"), 404)["code"] == "not_found"


def test_videos_of_a_plain_http_host_are_served_through_the_proxy(
    plain: Proxy, sandbox_server: SandboxServer
) -> None:
    # runway_hosts names this host too: whether with TLS or not, its videos are ours.
    with httpx.Client(proxy=plain.url, trust_env=False, timeout=60) as through:
        made = through.post("http://127.0.0.1:9/v1/videos", json={"prompt": "no TLS"})
        assert check_video(made.json())["status"] == "queued"


def test_a_host_that_is_not_ours_keeps_its_videos(
    plain: Proxy, origin: Origin, sandbox_server: SandboxServer
) -> None:
    made = sandbox_server.made()
    with httpx.Client(proxy=plain.url, trust_env=False, timeout=60) as through:
        theirs = through.post(
            f"http://localhost:{origin.port}/v1/videos",
            json={"prompt": "another service"},
            headers={"Authorization": "Bearer sk-theirs"},
        )
    assert theirs.json()["origin"] is True
    assert origin.asked("/v1/videos")[-1].headers["authorization"] == "Bearer sk-theirs"
    assert sandbox_server.made() == made


def test_a_model_that_is_not_ours_goes_on_untouched(
    plain: Proxy, origin: Origin, sandbox_server: SandboxServer
) -> None:
    made, body = sandbox_server.made(), b'{ "prompt":"mine", "model" : "their-model" }'
    headers = {"Authorization": "Bearer sk-theirs", "api-key": "theirs", "X-Own": "1"}
    headers["Content-Type"] = "application/json"
    with httpx.Client(proxy=plain.url, trust_env=False, timeout=60) as through:
        theirs = through.post(f"{origin.url}/v1/videos?x=1", content=body, headers=headers)
        assert theirs.json()["origin"] is True
        # So do its polls: an id without our mark is not ours.
        polled = through.get(f"{origin.url}/v1/videos/abc", headers={"Authorization": "Bearer sk-theirs"})
        assert polled.json()["path"] == "/v1/videos/abc"
    (asked,) = origin.asked("/v1/videos?x=1")
    assert asked.body == body
    assert {name: asked.headers[name.lower()] for name in headers} == headers
    assert origin.asked("/v1/videos/abc")[-1].headers["authorization"] == "Bearer sk-theirs"
    assert sandbox_server.made() == made


def test_chat_through_tls_goes_to_its_own_host(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    (made / "mitm.conf").write_text(f"ssl_verify_upstream_trusted_ca: {made}/confdir/mitmproxy-ca-cert.pem\n")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate(made)
    tls.load_cert_chain(made / "host.pem")
    with Origin(tls) as host, Proxy(made, **sandbox_server.options(), conf=None) as proxy:

        def chat(exchange: Exchange) -> None:
            exchange.reply(200, exchange.asked.body[::-1], "text/plain")

        host.routes["/v1/chat/completions"] = chat
        trust = ssl.create_default_context(cafile=proxy.ca)
        with httpx.Client(proxy=proxy.url, verify=trust, trust_env=False, timeout=60) as through:
            answer = through.post(f"https://localhost:{host.port}/v1/chat/completions", content=b"abc")
        assert answer.content == b"cba"
        assert answer.headers["content-type"] == "text/plain"


def certificate(folder: Path) -> None:
    """`host.pem`: a certificate for localhost by the CA in the folder, and its key."""
    from cryptography import x509
    from mitmproxy.certs import CertStore

    store = CertStore.from_store(folder / "confdir", "mitmproxy", 2048)
    entry = store.get_cert("localhost", [x509.DNSName("localhost")])
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = entry.privatekey.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    (folder / "host.pem").write_bytes(key + entry.cert.to_pem())


def test_tls_spoken_to_the_proxy_itself_is_told_how_to_be_mended(plain: Proxy) -> None:
    with httpx.Client(trust_env=False) as stranger, pytest.raises(httpx.ConnectError):
        stranger.get(f"https://127.0.0.1:{plain.port}/v1/videos")
    plain.wait_for(f"127.0.0.1 speaks TLS to this proxy: .* must be http://127.0.0.1:{plain.port}$")
