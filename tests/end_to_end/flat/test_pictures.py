"""A picture of a video of 200 MB: one copy on the disk, without a name, and nobody is held up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from asking import peak_memory, until, web
from end_to_end.conftest import Folders, whole
from end_to_end.flat.store import Store
from origins import PATIENCE_SECONDS, Exchange
from running import Proxy
from runway_videos.sandbox.outputs import Clip
from unit.previews.clips import Seen

pytestmark = pytest.mark.slow

SIZE = 200_000_000
LARGEST_GROWTH = 32 << 20


class HalfWay:
    """Sends a video of 200 MB, and stops in its middle until `go` is set."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        self.sent = 0
        self._clip = Clip("landscape.mp4", SIZE)

    def send(self, exchange: Exchange) -> None:
        for piece in self._clip.pieces(0, SIZE):
            exchange.wfile.write(piece)
            self.sent += len(piece)
            if self.sent > SIZE // 2 and not self.reached.is_set():
                self.reached.set()
                assert self.go.wait(PATIENCE_SECONDS), "the test has ended"


@contextmanager
def asked(
    folder: Folders, files: Path, half_way: HalfWay
) -> Iterator[tuple[Proxy, httpx.Client, str, Future[httpx.Response]]]:
    """A proxy that is half way through the video, its client, the video's path, and who waits for a picture.

    Its temporary files are in `files`.
    """
    with (
        Store(SIZE, half_way.send) as store,
        ThreadPoolExecutor(1) as pool,
        Proxy(folder(), env={"TMPDIR": str(files)}, **store.options(), runway_content="redirect") as proxy,
        web(proxy.url) as client,
    ):
        path = f"/v1/videos/{client.post('/v1/videos', json={'prompt': 'large'}).json()['id']}"
        client.get(path)
        peak_memory(proxy.child.pid, reset=True)
        waiting = pool.submit(client.get, f"{path}/content", params={"variant": "thumbnail"})
        try:
            assert half_way.reached.wait(PATIENCE_SECONDS)
            yield proxy, client, path, waiting
        finally:
            half_way.go.set()


def nameless(proxy: Proxy) -> list[int]:
    """The sizes of open files that have no name, in bytes."""
    found = []
    for entry in Path(f"/proc/{proxy.child.pid}/fd").iterdir():
        try:
            stat = entry.stat()
        except FileNotFoundError:
            continue  # closed meanwhile
        if entry.is_file() and stat.st_nlink == 0 and stat.st_size > 1 << 20:
            found.append(stat.st_size)
    return found


def test_it_costs_one_copy_on_the_disk_and_holds_nobody_up(folder: Folders, tmp_path: Path) -> None:
    half_way = HalfWay()
    with asked(folder, tmp_path, half_way) as (proxy, client, path, waiting):
        before = peak_memory(proxy.child.pid)
        assert until(lambda: nameless(proxy) or None, "the file")[0] <= SIZE
        assert list(tmp_path.iterdir()) == []
        half_way.go.set()
        # The proxy serves others while the bytes come, and while the picture is made.
        moments = set()
        while not waiting.done():
            assert client.get(path).json()["status"] == "completed"
            moments.add(half_way.sent)
        assert len(moments) > 5
        seen = Seen(waiting.result(PATIENCE_SECONDS).content)
        assert (seen.width, seen.height) == (1280, 720)
        assert peak_memory(proxy.child.pid) - before <= LARGEST_GROWTH
        assert nameless(proxy) == []
        whole(proxy)


def test_a_kill_leaves_no_file(folder: Folders, tmp_path: Path) -> None:
    with asked(folder, tmp_path, HalfWay()) as (proxy, _, _, waiting):
        assert until(lambda: nameless(proxy) or None, "the file")
        proxy.kill()
        with pytest.raises(httpx.HTTPError):
            waiting.result(PATIENCE_SECONDS)
        assert list(tmp_path.iterdir()) == []
