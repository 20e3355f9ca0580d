"""The Containerfile's own steps, done in a clean folder; then its command serves, with all else read-only."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import client, finished, free_port, web
from deploying import CONTAINERFILE
from deploying.image import Image, the, words
from faulty.gateway import PICTURE
from running import MITMDUMP, Process
from runway_addon.shutdown import DRAIN_SECONDS, LINGER_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.long]

TOKEN = "the-token-of-app-1"
PLACE = "/run/secrets"
SECRETS = {"app-1": TOKEN, "ids": "one secret of this service"}
CONF = f"runway_sandbox: true\nrunway_callers:\n  - {{name: app-1, value: file.{PLACE}/app-1}}\n"


def test_what_it_promises_an_engine() -> None:
    assert int(the("USER").partition(":")[0]) > 0
    assert the("STOPSIGNAL") == "SIGTERM"
    # What is written is on the volume, and the options come from outside.
    assert the("ENV") == f"HOME={the('VOLUME')}"
    assert f"confdir={the('VOLUME')}" in words(the("CMD"))
    assert "runway_conf=/etc/runway-videos/mitm.conf" in words(the("CMD"))
    # How its own comment runs it: each place of its is mounted, and it has the time that it needs.
    shown = CONTAINERFILE.read_text()
    for place in ("/etc/runway-videos:ro", f"{PLACE}:ro", the("VOLUME")):
        assert re.search(rf"-v \S+:{place}\s", shown), place
    grace = re.search(r"--stop-timeout (\d+)", shown)
    assert grace
    assert int(grace[1]) > DRAIN_SECONDS + LINGER_SECONDS


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
    """Its command, on a port of 127.0.0.1, with secrets in files alone."""
    command = image.inside(words(the("CMD")), {"0.0.0.0": "127.0.0.1", "8080": str(port)})
    return image.start(command, {"RUNWAY_ID_SECRET": f"file.{image.place(PLACE)}/ids"})


def put_files(image: Image) -> None:
    """What an operator mounts."""
    conf = image.place("/etc/runway-videos/mitm.conf")
    conf.parent.mkdir(parents=True)
    conf.write_text(CONF.replace(PLACE, str(image.place(PLACE))))
    secrets = image.place(PLACE)
    secrets.mkdir(parents=True)
    for name, secret in SECRETS.items():
        (secrets / name).write_text(f"{secret}\n")
        (secrets / name).chmod(0o400)
        if image.is_root:
            os.chown(secrets / name, image.user, image.user)


def only_the_volume_can_be_written(image: Image) -> None:
    if image.is_root:
        for place in (image.app, image.root, Path("/tmp"), Path("/var/tmp"), image.place(PLACE)):
            assert image.status(["touch", place / "new"]) != 0
    assert image.status(["touch", image.volume / "new"]) == 0


@pytest.mark.slow
def test_its_steps_make_a_proxy_that_serves(image: Image) -> None:
    put_files(image)
    # Only what is needed.
    assert {path.name for path in image.app.iterdir()} == {".lock", "addon"}
    assert {path.name for path in (image.app / "addon").iterdir()} - {"__pycache__"} == {
        *("runway.py", "runway_addon", "runway_videos"),
    }
    before, port = contents(image.app), free_port()
    healthy = image.inside(words(the("HEALTHCHECK")), {"8080": str(port)})
    assert image.status(healthy) == 1
    authority = image.volume / "mitmproxy-ca-cert.pem"
    url = f"http://127.0.0.1:{port}"
    proxy = serve(image, port)
    try:
        proxy.wait_for(f"serving /v1/videos on {url}")
        with client(f"{url}/v1", TOKEN) as app, web(url) as stranger:
            video = app.videos.create(prompt="a boat", input_reference=("boat.png", PICTURE))
            # While it is made:
            assert image.status(healthy) == 0
            only_the_volume_can_be_written(image)
            if image.is_root:
                status = Path(f"/proc/{proxy.child.pid}/status").read_text()
                assert f"\nUid:\t{image.user}\t" in status
                assert "\nCapEff:\t0000000000000000\n" in status
            assert stranger.post("/v1/videos", json={"prompt": "x"}).status_code == 401
            # As Kubernetes asks, by the pod's address.
            for path in ("/runway/healthz", "/runway/readyz"):
                assert stranger.get(path, headers={"Host": "10.1.2.3:8080"}).status_code == 200
            assert "runway_creates_total{" in stranger.get("/runway/metrics", headers={"api-key": TOKEN}).text
            finished(stranger, video.id, headers={"api-key": TOKEN})
            assert app.videos.download_content(video.id).content[4:8] == b"ftyp"
        made = authority.read_bytes()
    finally:
        assert proxy.stop() == 0
    assert "Traceback" not in proxy.log, proxy.log
    again = serve(image, port)
    again.wait_for(f"serving /v1/videos on {url}")
    assert again.stop() == 0
    # The CA outlives the container, and nothing else was written.
    assert authority.read_bytes() == made
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
