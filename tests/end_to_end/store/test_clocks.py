"""Two proxies with one Redis, on machines whose clocks are far apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from end_to_end.store.conftest import MODEL, Pair
from faulty.accounts import Operation
from redis_server import needs_redis

pytestmark = [pytest.mark.slow, needs_redis]

# In place of a machine of its own: all that Python is told of the time.
CLOCK = "import time\nreal = time.time\ntime.time = lambda: real() + {seconds}\n"


@pytest.fixture(params=[30, -30])
def apart(request: pytest.FixtureRequest, stores: Pair, tmp_path: Path) -> Pair:
    """The second one's clock is ahead, or behind."""
    stores.options = {"runway_poll_seconds": 3600}
    stores.proxies = [stores.start()]
    (tmp_path / "sitecustomize.py").write_text(CLOCK.format(seconds=request.param))
    stores.env["PYTHONPATH"] = str(tmp_path)
    stores.proxies.append(stores.start())
    return stores


@pytest.mark.parametrize("stores", ["redis"], indirect=True)
def test_a_retry_is_known_and_a_status_is_as_young_as_it_is(apart: Pair) -> None:
    for first, other in ((0, 1), (1, 0)):
        made = apart.ask(first, f"of {first}")
        assert apart.ask(other, f"of {first}", retry=1).video == made.video != ""
    assert len(apart.account.tasks) == 2
    with apart.client(0) as one, apart.client(1) as other_one:
        made_by_one = one.videos.create(model=MODEL, prompt="polled")
        asked = apart.account.seen[Operation.STATUS]
        statuses = [user.videos.retrieve(made_by_one.id) for user in (one, other_one, one)]
    assert statuses[0] == statuses[1] == statuses[2]
    assert apart.account.seen[Operation.STATUS] == asked + 1
