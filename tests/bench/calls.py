"""Polls and creates: how many in a second."""

from __future__ import annotations

from collections.abc import Callable

from bench.load import NUMBER, Ask, Load
from bench.origin import RUNS, VIDEO_PATH
from bench.own_client import drive
from bench.scraping import scraped
from bench.workbench import Bench, about, is_ours

# In turn, and so many more than ever wait at once that no two polls of one meet and share a call.
_POLLED = 64
_DONE = (b'"object":"video"', b'"status":"completed"')

CREATE = Ask(
    ("/v1/videos",),
    body=f'{{"model":"sora-2","prompt":"a boat {NUMBER}"}}',
    parts=(b'"object":"video"', b'"status":"queued"', b'"id":"video_rw'),
)
_RUNWAY_CREATE = Ask(
    ("/v1/text_to_video",),
    body=f'{{"model":"seedance2","promptText":"a boat {NUMBER}","ratio":"720:1280","duration":4}}',
    parts=(b'{"id":"',),
)


def finished_poll(bench: Bench, kind: str) -> Ask:
    """A poll of a finished video: every answer must be the same."""
    path = f"/v1/videos/{bench.videos(kind, 'a boat')[0]}" if is_ours(kind) else VIDEO_PATH
    whole = bench.stand.proxy(kind).get(path)
    bench.check(all(part in whole for part in _DONE), f"polls, {about(kind)}", "no finished video")
    return Ask((path,), whole=whole)


def memory_polls(connections: int) -> Callable[[Bench, str], float]:
    """Polls that are answered from memory, through a bare mitmdump passed on."""

    def measure(bench: Bench, kind: str) -> float:
        what = f"polls from memory, {about(kind)}"
        ask = finished_poll(bench, kind)
        before = bench.stand.counts()
        with scraped(bench, kind):
            result = bench.drive(bench.stand.proxy(kind), ask, connections, what)
        if kind == "pass":
            bench.asked(before, "video", result.good, result.good + connections, what)
        else:
            # An end is asked again after five minutes.
            bench.asked(before, "task", 0, 1 if is_ours(kind) else 0, what)
            bench.asked(before, "video", 0, 0, what)
        return result.rate

    return measure


def asking_polls(connections: int) -> Callable[[Bench, str], float]:
    """Polls that each cost a call upstream."""

    def measure(bench: Bench, kind: str) -> float:
        what = f"polls that go upstream, {about(kind)}"
        if is_ours(kind):
            count = min(_POLLED, bench.plan.requests or _POLLED)
            made = bench.videos(kind, f"{RUNS.decode()} a boat", count)
            ask = Ask(tuple(f"/v1/videos/{each}" for each in made), parts=(b'"status":"in_progress"',))
        else:
            ask = Ask(("/v1/tasks/0",), parts=(b'"status":"RUNNING"',))
        before = bench.stand.counts()
        result = bench.drive(bench.stand.proxy(kind), ask, connections, what)
        bench.asked(before, "task", result.good, result.good + connections, what)
        return result.rate

    return measure


def creates(connections: int) -> Callable[[Bench, str], float]:
    """Creates; through a bare mitmdump Runway's own call passed on."""

    def measure(bench: Bench, kind: str) -> float:
        what = f"creates, {about(kind)}"
        before = bench.stand.counts()
        ask = CREATE if is_ours(kind) else _RUNWAY_CREATE
        result = bench.drive(bench.stand.proxy(kind), ask, connections, what)
        bench.asked(before, "create", result.good, result.good + connections, what)
        return result.rate

    return measure


def processor(name: str) -> Callable[[Bench, str], float | None]:
    """Processor time of an answer in milliseconds, in the load before: hardly noisy."""
    return lambda bench, kind: bench.processor.get(f"{name}, {about(kind)}")


def fill(bench: Bench, port: int, what: str) -> None:
    """Makes as many videos as the plan says, each by a create of its own."""
    before = bench.stand.counts()
    count = bench.plan.videos
    result = drive(port, CREATE, Load(16, requests=count))
    bench.check(result.good == count, what, f"{result.good} of {count} creates were answered rightly")
    bench.asked(before, "create", count, count, what)
