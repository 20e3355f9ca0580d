"""Output URLs: tried before they are used, asked for anew once, and not tried twice in a minute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from asking import error_of, web
from bench import pattern
from end_to_end.conftest import Folders, whole
from end_to_end.flat.store import FILE, FRESH, Store
from running import Proxy

pytestmark = pytest.mark.slow

SIZE = 300_000


@contextmanager
def serving(folder: Folders, store: Store, **options: Any) -> Iterator[tuple[httpx.Client, str]]:
    """A client of a proxy in front of the store, and the path of its video's content."""
    with Proxy(folder(), **store.options(), **options) as proxy, web(proxy.url) as client:
        made = client.post("/v1/videos", json={"prompt": "a link"}).json()["id"]
        yield client, f"/v1/videos/{made}/content"
        whole(proxy)


def test_a_url_that_worked_is_not_tried_again(folder: Folders) -> None:
    with Store(SIZE) as store, serving(folder, store) as (client, path):
        for _ in range(3):
            assert client.get(path).content == pattern.piece(0, SIZE)
        assert store.asked_for_task() == 1
        assert store.times(FILE) == ["bytes=0-0", "", "", ""]


@pytest.mark.parametrize("status", [403, 404])
def test_a_url_that_is_refused_is_asked_for_anew_once(folder: Folders, status: int) -> None:
    with Store(SIZE, refused=status) as store, serving(folder, store) as (client, path):
        # A poll before knows of no URL: it is the content that asks.
        assert client.get(path).content == pattern.piece(0, SIZE)
        assert store.asked_for_task() == 2
        assert store.times(FILE) == ["bytes=0-0"]
        assert store.times(FRESH) == ["bytes=0-0", ""]
        # It is the fresh one that is known to work.
        assert client.get(path).content == pattern.piece(0, SIZE)
        assert store.asked_for_task() == 2


def test_not_more_than_once(folder: Folders) -> None:
    with Store(SIZE) as store, serving(folder, store) as (client, path):
        store.origin.routes[FILE] = lambda exchange: exchange.reply(403, b"<Error/>", "application/xml")
        error = error_of(client.get(path), 502)
        assert error["code"] == "content_unavailable"
        assert store.asked_for_task() == 2
        assert store.times(FILE) == ["bytes=0-0", "bytes=0-0"]


def test_a_redirect_carries_no_bytes(folder: Folders) -> None:
    with Store(SIZE) as store, serving(folder, store, runway_content="redirect") as (client, path):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (302, b"")
        assert answer.headers["location"] == store.origin.url + FILE
        assert store.times(FILE) == ["bytes=0-0"]
