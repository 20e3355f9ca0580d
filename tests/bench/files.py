"""Downloads: how many bytes in a second, and how long a poll takes beside them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from bench.calls import finished_poll
from bench.downloads import Downloaded
from bench.load import Load, percentile
from bench.own_client import drive
from bench.workbench import Bench, about, is_ours
from child_processes import Child
from running import ROOT, clean_environment


def speed(at_once: int) -> Callable[[Bench, str], float]:
    """Downloads of a finished video, in MB a second all together; alone several one by one."""

    def measure(bench: Bench, kind: str) -> float:
        what = f"{at_once} downloads at once, {about(kind)}"
        times = bench.plan.files if at_once == 1 else 1
        before = bench.stand.counts()
        child = _child(bench, kind, "--at-once", str(at_once), "--times", str(times))
        result = _result(child)
        wanted = at_once * times
        bench.check(result.bad == 0 and result.files == wanted, what, f"{result.bad} files were wrong")
        bench.asked(before, "file", wanted, wanted, what)
        # A link that has worked is not tried again.
        bench.asked(before, "probe", 0, at_once if is_ours(kind) else 0, what)
        return result.received / result.seconds / 1e6

    return measure


def poll_beside(bench: Bench, kind: str) -> float:
    """p99 of a poll beside eight downloads, in milliseconds."""
    what = f"polls beside eight downloads, {about(kind)}"
    ask = finished_poll(bench, kind)
    with _running(bench, kind, 8) as end:
        result = drive(bench.stand.proxy(kind).port, ask, Load(1, requests=bench.plan.polls_beside))
        downloaded = end()
    bench.check(result.bad == 0, what, f"{result.bad} polls were wrong")
    bench.check(downloaded.bad == 0 and downloaded.received > 0, what, f"{downloaded.bad} files were wrong")
    return percentile(result.latencies, 0.99) * 1000


@contextmanager
def _running(bench: Bench, kind: str, at_once: int) -> Iterator[Callable[[], Downloaded]]:
    """Downloads that go on until what is given is called."""
    child = _child(bench, kind, "--at-once", str(at_once), "--until-eof")
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        yield lambda: _result(child)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()


def _child(bench: Bench, kind: str, *arguments: str) -> Child:
    if is_ours(kind):
        path = f"/v1/videos/{bench.videos(kind, 'a boat')[0]}/content"
    else:
        path = f"/files/{bench.plan.file_bytes}"
    command = [sys.executable, "-m", "bench.downloads", "--size", str(bench.plan.file_bytes), *arguments]
    return Child(
        [*command, f"http://127.0.0.1:{bench.stand.proxy(kind).port}{path}"],
        env=clean_environment({"PYTHONPATH": str(ROOT / "tests")}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _result(child: Child) -> Downloaded:
    output, _ = child.communicate(timeout=300)
    return msgspec.json.decode(output.splitlines()[-1], type=Downloaded)
