"""The Containerfile's own steps, done in a clean folder; then its command serves, with all else read-only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import client, free_port, web
from deploying.image import Image, the, words
from faulty.gateway import PICTURE
from running import MITMDUMP, Process

pytestmark = pytest.mark.slow

TOKEN = "the-token-of-app-1"
CONF = "runway_sandbox: true\nrunway_callers:\n  - {name: app-1, value: env.APP_1_TOKEN}\n"
SECRETS = {"APP_1_TOKEN": TOKEN, "RUNWAY_ID_SECRET": "one secret of this service"}


def test_what_it_promises_an_engine() -> None:
    assert int(the("USER").partition(":")[0]) > 0
    assert the("STOPSIGNAL") == "SIGTERM"
    # What is written is on the volume, and the options come from outside.
    assert the("ENV") == f"HOME={the('VOLUME')}"
    assert f"confdir={the('VOLUME')}" in words(the("CMD"))
    assert "runway_conf=/etc/runway-videos/mitm.conf" in words(the("CMD"))


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Built once. Not below pytest's own folder, which other users cannot enter."""
    root = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        yield Image(root).build()
    finally:
        shutil.rmtree(root)


def contents(folder: Path) -> dict[str, int]:
    """Every file with the time of its last change."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*")}


def serve(image: Image, port: int) -> Process:
    """Its command, on a port of 127.0.0.1."""
    command = image.inside(words(the("CMD")), {"0.0.0.0": "127.0.0.1", "8080": str(port)})
    return image.start(command, SECRETS)


@pytest.mark.slow
def test_its_steps_make_a_proxy_that_serves(image: Image) -> None:
    conf = image.place("/etc/runway-videos/mitm.conf")
    conf.parent.mkdir(parents=True)
    conf.write_text(CONF)
    # Only what is needed.
    assert {path.name for path in image.app.iterdir()} == {".lock", "addon"}
    assert {path.name for path in (image.app / "addon").iterdir()} - {"__pycache__"} == {
        *("runway.py", "runway_addon", "runway_videos"),
    }
    before, port = contents(image.app), free_port()
    healthy = image.inside(words(the("HEALTHCHECK")), {"8080": str(port)})
    assert image.status(healthy) == 1
    if image.is_root:
        # Nothing but the volume can be written to.
        for place in (image.app, image.root, Path("/tmp"), Path("/var/tmp")):
            assert image.status(["touch", place / "new"]) != 0
    assert image.status(["touch", image.volume / "new"]) == 0
    authority = image.volume / "mitmproxy-ca-cert.pem"
    made = []
    for _ in range(2):
        proxy = serve(image, port)
        try:
            proxy.wait_for(f"serving /v1/videos on http://127.0.0.1:{port}")
            assert image.status(healthy) == 0
            if image.is_root:
                status = Path(f"/proc/{proxy.child.pid}/status").read_text()
                assert f"\nUid:\t{image.user}\t" in status
                assert "\nCapEff:\t0000000000000000\n" in status
            with client(f"http://127.0.0.1:{port}/v1", TOKEN) as app:
                video = app.videos.create_and_poll(prompt="a boat", input_reference=("boat.png", PICTURE))
                assert video.status == "completed"
                assert app.videos.download_content(video.id).content[4:8] == b"ftyp"
            with web(f"http://127.0.0.1:{port}") as stranger:
                assert stranger.post("/v1/videos", json={"prompt": "x"}).status_code == 401
            made.append(authority.read_bytes())
        finally:
            assert proxy.stop() == 0
        assert "Traceback" not in proxy.log, proxy.log
    # The CA outlives the container, and nothing else was written.
    assert made[0] == made[1]
    assert contents(image.app) == before


@pytest.mark.slow
def test_a_mitmdump_without_the_addon_is_not_healthy(image: Image) -> None:
    port = free_port()
    listen = ("--listen-host", "127.0.0.1", "--listen-port", str(port))
    bare = image.start(
        [MITMDUMP.name, "--set", f"confdir={image.volume}", *listen], {"PYTHONUNBUFFERED": "1"}
    )
    try:
        bare.wait_for("proxy listening")
        assert image.status(image.inside(words(the("HEALTHCHECK")), {"8080": str(port)})) == 1
    finally:
        bare.kill()
