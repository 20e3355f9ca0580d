"""Every way in which Runway may fail a question, a deletion, a download: nothing is made or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import openai
import pytest
from openai.types import Video

from faulty import Account, Fault, FaultyRunway, faults
from faulty.accounts import Operation
from faulty.clients import Client
from faulty.faults import bare
from faulty.gateway import gateway, lines_with
from faulty.server import VIDEO
from running import Proxy

pytestmark = pytest.mark.slow

#: What may go wrong once; asked again, all is well.
PASSING = {
    "reset before the body": faults.RESET_BEFORE_BODY,
    "reset": faults.RESET_AFTER_TASK,
    "closed": faults.CLOSE_AFTER_TASK,
    "half": faults.HALF_AN_ANSWER,
    "silence": faults.SILENCE,
    "no HTTP": faults.NOISE,
    "429": faults.TOO_MANY,
    "500": bare(500),
    "500, done": bare(500, does=True),
    "502": bare(502),
    "503": bare(503),
    "504": bare(504),
}
GARBAGE = {"broken JSON": faults.WRONG_JSON, "HTML": faults.NO_JSON}
#: Enough for all tries of one call and of its client's retries.
ALWAYS = 12
MODELS = [f"later-{number:02}" for number in range(60)]


class Scene(msgspec.Struct, frozen=True):
    """A video that was just made, with a key of its own."""

    user: Client
    proxy: Proxy
    account: Account
    video: Video

    def plan(self, operation: Operation, *script: Fault) -> None:
        """What happens next."""
        self.account.plan(operation, *script)

    def status(self) -> str:
        """As the client sees it."""
        return self.user.videos.retrieve(self.video.id).status


@pytest.fixture(scope="module")
def runway() -> Iterator[FaultyRunway]:
    """For all tests of this file."""
    with FaultyRunway() as runway:
        yield runway


@pytest.fixture(scope="module")
def proxy(runway: FaultyRunway, folder: Callable[[], Path]) -> Iterator[Proxy]:
    """One for all: each test has a model and a key of its own."""
    with gateway(folder(), runway, dict.fromkeys(MODELS, 1), short_waits=True) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Models that no test has had."""
    return iter(MODELS)


@pytest.fixture
def scene(runway: FaultyRunway, proxy: Proxy, names: Iterator[str]) -> Iterator[Scene]:
    """A video for one test; whatever happens to it, it stays the only one."""
    model = next(names)
    with Client(proxy.base_url) as user:
        video = user.videos.create(model=f"runway/{model}", prompt="it")
        scene = Scene(user, proxy, runway.account(f"{model}-a"), video)
        yield scene
    assert len(scene.account.tasks) == 1


@pytest.mark.parametrize("fault", [*PASSING.values(), *GARBAGE.values()], ids=[*PASSING, *GARBAGE])
def test_a_question_that_fails_is_asked_again(scene: Scene, fault: Fault) -> None:
    scene.plan(Operation.STATUS, fault)
    assert scene.status() in ("in_progress", "completed")
    assert scene.account.seen[Operation.STATUS] == 2


def test_a_key_in_a_tasks_text_is_not_shown(scene: Scene) -> None:
    failed = {"id": scene.account.tasks[0].id, "status": "FAILED", "failure": f"No, {scene.account.key}!"}
    scene.plan(Operation.STATUS, Fault(body=msgspec.json.encode(failed)))
    error = scene.user.videos.retrieve(scene.video.id).error
    assert error is not None
    assert error.message.endswith("No, …!")
    assert scene.status() == "failed"


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_deletion_that_fails_is_asked_again(scene: Scene, fault: Fault) -> None:
    """Also where it was done and only the answer was lost: then Runway says 404."""
    scene.plan(Operation.DELETE, fault)
    assert scene.user.videos.delete(scene.video.id).deleted
    assert scene.account.tasks[0].deleted


def test_a_status_survives_a_runway_that_is_down(scene: Scene) -> None:
    assert scene.status() == "in_progress"
    scene.plan(Operation.STATUS, *[bare(503)] * 3)
    assert scene.status() == "in_progress"
    assert lines_with(scene.proxy.log, scene.account.tasks[0].id, "status from memory")


def test_nothing_known_and_runway_down_is_no_end(scene: Scene) -> None:
    """Clients take any status but two for an end, and an unknown one for a lost video."""
    scene.plan(Operation.STATUS, *[bare(503)] * ALWAYS)
    with pytest.raises(openai.InternalServerError) as refused:
        scene.status()
    assert refused.value.status_code == 503
    assert refused.value.code == "runway_unavailable"


def test_a_key_that_is_refused_later_is_not_the_clients_fault(scene: Scene) -> None:
    scene.plan(Operation.STATUS, faults.UNAUTHORIZED)
    with pytest.raises(openai.InternalServerError) as refused:
        scene.status()
    assert refused.value.code == "runway_key_refused"
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert scene.status() == "completed"


def test_a_task_that_is_gone_is_a_404(scene: Scene) -> None:
    scene.account.tasks[0].deleted = True
    with pytest.raises(openai.NotFoundError):
        scene.status()
    with pytest.raises(openai.NotFoundError):
        scene.user.videos.delete(scene.video.id)


def test_a_link_that_does_not_work_is_asked_for_anew(scene: Scene) -> None:
    scene.status()
    scene.plan(Operation.PROBE, bare(403))
    assert scene.user.videos.download_content(scene.video.id).content == VIDEO


@pytest.mark.parametrize("fault", [bare(403), bare(500), faults.RESET_BEFORE_BODY, faults.NOISE])
def test_a_file_store_that_fails_loses_nothing(scene: Scene, fault: Fault) -> None:
    """It fails after it was seen to work: the stock client asks again."""
    scene.status()
    scene.plan(Operation.FILE, fault)
    assert scene.user.videos.download_content(scene.video.id).content == VIDEO


def test_half_a_file_is_seen_to_be_half(scene: Scene) -> None:
    scene.status()
    scene.plan(Operation.FILE, faults.HALF_AN_ANSWER)
    assert scene.user.videos.download_content(scene.video.id).content == VIDEO
    assert scene.account.seen[Operation.FILE] == 2
