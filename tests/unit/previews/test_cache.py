"""The cache of pictures: bounded, the least recently used goes, failures are forgotten."""

from __future__ import annotations

from runway_videos.previews.cache import FAILED_SECONDS, PictureCache
from runway_videos.previews.pictures import Picture


class Kept:
    """A cache under a clock of its own."""

    def __init__(self, **bounds: int) -> None:
        self.now = 0.0
        self.cache = PictureCache(lambda: self.now, **bounds)

    def keep(self, task: str, size: int = 100) -> Picture:
        picture = Picture.of("thumbnail", bytes(size))
        self.cache.keep(task, [picture], [])
        return picture

    def has(self, *tasks: str) -> list[bool]:
        return [self.cache.get(task, "thumbnail") is not None for task in tasks]


def test_a_picture_is_kept_by_task_and_name() -> None:
    kept = Kept()
    picture = kept.keep("t1")
    assert kept.cache.get("t1", "thumbnail") is picture
    assert kept.cache.get("t1", "spritesheet") is None
    assert kept.has("t2") == [False]


def test_the_least_recently_used_goes_when_there_are_too_many() -> None:
    kept = Kept(max_entries=2)
    kept.keep("t1")
    kept.keep("t2")
    assert kept.has("t1") == [True]
    kept.keep("t3")
    assert kept.has("t1", "t2", "t3") == [True, False, True]
    assert len(kept.cache) == 2


def test_bytes_are_bounded_and_counted() -> None:
    kept = Kept(max_bytes=10_000)
    for number in range(100):
        kept.keep(f"t{number}", 2000)
        assert kept.cache.bytes <= 10_000
    assert len(kept.cache) == 4
    kept.keep("t99", 3000)  # in place of what it had
    assert kept.cache.bytes == 3500 + 2 * 2500
    kept.keep("too large", 20_000)  # for which nothing else goes
    assert (len(kept.cache), kept.cache.bytes) == (3, 8500)


def test_a_failure_is_known_for_a_while() -> None:
    kept = Kept()
    kept.cache.keep("t1", [], ["spritesheet"])
    assert kept.cache.has_failed("t1", "spritesheet")
    assert not kept.cache.has_failed("t1", "thumbnail")
    assert kept.cache.get("t1", "spritesheet") is None
    kept.now += FAILED_SECONDS
    assert not kept.cache.has_failed("t1", "spritesheet")
    kept.keep("t1")
    assert not kept.cache.has_failed("t1", "thumbnail")
