"""mitmproxy's options that sign with a publicly known CA key are refused, wherever they are set."""

from __future__ import annotations

import ssl

import httpx
import pytest

from end_to_end.conftest import Folders, whole
from end_to_end.test_start_up import SETTER
from running import Proxy
from runway_addon.command_line import options_of_all_programs
from sandbox_server import SandboxServer

REASON = r"signs with a CA key that is publicly known"


pytestmark = [pytest.mark.dependencies, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def _has_the_option() -> None:
    if "emudhra" not in options_of_all_programs():
        pytest.skip("this mitmproxy has no such option")


@pytest.mark.parametrize(
    ("file", "text", "arguments", "place"),
    [
        ("mitm.conf", "", ("--set", "emudhra=true"), "--set emudhra"),
        ("mitm.conf", "", ("--emudhra-old",), "--set emudhra_old"),
        ("mitm.conf", "flow_detail: 0\nemudhra_old: true\n", (), r"/\S+/mitm\.conf line 2: emudhra_old"),
        ("confdir/config.yaml", "emudhra: true\n", (), "emudhra"),
    ],
)
def test_the_start_is_refused(
    folder: Folders, file: str, text: str, arguments: tuple[str, ...], place: str
) -> None:
    made = folder()
    (made / file).write_text(text)
    proxy = Proxy(made, *arguments, conf=None, runway_sandbox=True)
    try:
        assert proxy.wait() == 1, proxy.log
    finally:
        proxy.kill()
    proxy.wait_for(rf"^\[[^]]*\] {place}: {REASON}")
    assert proxy.log.count("publicly known") == 1
    assert "serving" not in proxy.log
    assert "Traceback" not in proxy.log


def test_it_cannot_be_set_while_the_proxy_runs(folder: Folders, sandbox_server: SandboxServer) -> None:
    made = folder()
    (made / "setter.py").write_text(SETTER)
    with Proxy(made, "-s", str(made / "setter.py"), **sandbox_server.options()) as proxy:
        with httpx.Client(base_url=proxy.url, trust_env=False) as calls:
            for name in ("emudhra", "emudhra_old"):
                assert calls.get(f"/set?{name}=true").text.startswith(f"refused: {name}: signs with")
        # mitmproxy has tried the key when it asks: its own must be back.
        own = ssl.create_default_context(cafile=str(proxy.ca))
        with httpx.Client(proxy=proxy.url, verify=own, trust_env=False) as application:
            assert application.get("https://api.openai.com/v1/videos/video_rwNone").status_code == 404
        whole(proxy)
