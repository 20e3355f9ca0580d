"""A Prometheus beside a load: it reads `/runway/metrics` again and again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from bench.stand import KINDS
from bench.workbench import Bench, about

#: Between two reads. Prometheus' own default is fifteen times as long.
SECONDS = 1.0
_COUNTED = b"runway_saved_polls_total "

is_possible = find_spec("prometheus_client") is not None


@contextmanager
def scraped(bench: Bench, kind: str) -> Iterator[None]:
    """Reads a kind's metrics once before the `with` block and then during it, where it is scraped."""
    if not KINDS[kind].scraped:
        yield
        return
    ended, problems = threading.Event(), list[str]()
    proxy = bench.stand.proxy(kind)

    def read() -> None:
        try:
            if _COUNTED not in proxy.get("/runway/metrics"):
                problems.append("metrics without the polls")
        except OSError as error:
            problems.append(f"no metrics: {error}")

    def read_on() -> None:
        while not ended.wait(SECONDS):
            read()

    read()  # the first one imports the package: that is no part of the load
    reader = threading.Thread(target=read_on, daemon=True)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()
    bench.check(not problems, f"metrics, {about(kind)}", "; ".join(problems[:3]))
