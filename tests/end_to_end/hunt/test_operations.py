"""No secret in anything that is left of a proxy on which everything was done."""

from __future__ import annotations

from typing import Any

import pytest

from end_to_end.conftest import Folders, whole
from end_to_end.hunt import operations
from end_to_end.hunt.stand import KEYS, PROMPT, WANTED, Stand, read_web_interface, standing, web_interface
from end_to_end.test_mitmweb import Updates
from runway_videos.receipts.__main__ import main as receipts
from sandbox_server import SandboxServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["mitmdump", "mitmweb"])
def used(request: pytest.FixtureRequest, folder: Folders) -> Stand:
    """What is left of it. mitmdump writes all that it can, mitmweb shows all that it can."""
    options: dict[str, Any] = {"flow_detail": 4} if request.param == "mitmdump" else web_interface()
    with (
        SandboxServer(dict.fromkeys(KEYS.values(), "all")) as runway,
        standing(folder(), runway.url, **options) as stand,
    ):
        web = options.get("web_port")
        updates = Updates(f"http://127.0.0.1:{web}") if web else None
        operations.videos(stand)
        operations.providers(stand, live=bool(web))
        if web:
            read_web_interface(stand, web)
        whole(stand.proxy)
        assert stand.proxy.stop() == 0
    if updates:
        updates.join()
        assert updates.of("flows/add", "/api/providers")
        stand.shown.extend(("mitmweb's web socket", heard.encode()) for heard in updates.heard)
    return stand


def test_it_was_used_in_every_way(used: Stand) -> None:
    statuses = {answer.status_code for answer in used.answers}
    assert {200, 206, 400, 401, 403, 404, 405} <= statuses, statuses


def test_nothing_that_is_left_holds_a_secret(used: Stand) -> None:
    assert used.leaks() == []


def test_no_prompt_is_in_the_account_unasked(used: Stand) -> None:
    account = (used.proxy.folder / "audit.jsonl").read_text()
    assert '"event":"created"' in account
    assert PROMPT not in account


def test_receipts_hold_no_secret(used: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(used.proxy.folder / "audit.jsonl"), "--day", "2026-11-25", "--base-url", used.origin.url]
    assert receipts(arguments, {"RUNWAY_API_KEY": KEYS["by-env"]}) != 0  # nobody is there any more
    said = capsys.readouterr()
    assert WANTED.found_in(said.out + said.err) == []
    assert said.err
