"""No secret in anything that is left of a proxy on which everything was done."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from end_to_end.conftest import Folders, whole
from end_to_end.hunt import operations, web_interface
from end_to_end.hunt.receivers import ELSEWHERE, WAYS
from end_to_end.hunt.stand import HOOK_PATH, KEYS, PASSWORDS, PROMPT, WANTED, Stand, standing
from end_to_end.test_mitmweb import Updates
from far_ends import PasswordProxy
from origins import Origin
from runway_videos.receipts.__main__ import main as receipts
from sandbox_server import SandboxServer

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture(scope="module", params=["mitmdump", "mitmweb"])
def used(request: pytest.FixtureRequest, folder: Folders) -> Stand:
    """What is left of it. mitmdump writes all that it can, mitmweb shows all that it can.

    Runway is asked by a proxy whose password stands in the file, or in `--set`.
    """
    options: dict[str, Any] = {"flow_detail": 4, "runway_store": "sqlite:store.db"}
    if request.param == "mitmweb":
        options = web_interface.options_of_mitmweb()
    with (
        SandboxServer(dict.fromkeys(KEYS.values(), "all")) as runway,
        PasswordProxy("hunter", PASSWORDS["proxy"]) as outbound,
    ):
        address = f"http://hunter:{quote(PASSWORDS['proxy'])}@{outbound.address}"
        in_file = request.param == "mitmdump"
        conf = f'runway_proxy: "{address}"\n' if in_file else ""
        options |= {} if in_file else {"runway_proxy": address}
        with standing(folder(), runway.url, conf=conf, outbound=outbound, **options) as stand:
            do_everything(stand, options.get("web_port"))
    return stand


def do_everything(stand: Stand, web: int | None) -> None:
    """`web`: the port of mitmweb."""
    updates = Updates(f"http://127.0.0.1:{web}") if web else None
    operations.videos(stand)
    if web:
        with web_interface.asking(stand, web) as mitmweb:
            web_interface.give_commands(mitmweb)
            web_interface.set_options(stand, mitmweb)
    operations.over_tls(stand)
    operations.with_a_broken_way_out(stand)
    operations.providers(stand, live=bool(web))
    if web:
        with web_interface.asking(stand, web) as mitmweb:
            web_interface.read(mitmweb)
            web_interface.write_files(stand, mitmweb)
    whole(stand.proxy)
    assert stand.stop() == 0
    if updates:
        updates.join()
        assert updates.of("flows/add", "/api/providers")
        stand.shown.extend(("mitmweb's web socket", heard.encode()) for heard in updates.heard)


def test_it_was_used_in_every_way(used: Stand) -> None:
    statuses = {answer.status_code for answer in used.answers}
    assert {200, 206, 400, 401, 403, 404, 405} <= statuses, statuses


def test_nothing_that_is_left_holds_a_secret(used: Stand) -> None:
    assert used.leaks() == []


def test_nobody_follows_a_receiver_elsewhere(used: Stand) -> None:
    """With the event would go its signature, and whoever answers would choose where."""
    for way in WAYS:
        assert used.origin.asked(HOOK_PATH.partition("?")[0] + way), way
    assert used.origin.asked(ELSEWHERE) == []


def test_no_prompt_is_in_the_account_unasked(used: Stand) -> None:
    account = (used.proxy.folder / "audit.jsonl").read_text()
    assert '"event":"created"' in account
    assert PROMPT not in account


def test_receipts_hold_no_secret(used: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(used.proxy.folder / "audit.jsonl"), "--day", "2026-11-25", "--base-url", used.origin.url]
    assert receipts(arguments, {"RUNWAY_API_KEY": KEYS["by-env"]}) != 0  # nobody is there any more
    assert_no_secret(capsys)
    with Origin() as origin:
        told = {"error": f"Incorrect API key provided: {KEYS['by-env']}."}
        origin.routes["/v1/organization/usage"] = lambda each: each.reply(401, json.dumps(told).encode())
        assert receipts([*arguments[:-1], origin.url], {"RUNWAY_API_KEY": KEYS["by-env"]}) != 0
    assert_no_secret(capsys)


def assert_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    said = capsys.readouterr()
    assert WANTED.found_in(said.out + said.err) == []
    assert said.err
