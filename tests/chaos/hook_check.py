"""Reads what webhooks were told: each end to its caller's, once at least, as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from chaos.fates import Blow
from chaos.records import Event, History, Story
from chaos.violations import Violation, Window, Wrong

_COMPLETED = "video.completed"
_ENDS = {blow.value for blow in (Blow.KILL_BEFORE, Blow.KILL_AFTER, Blow.TERM)}


def check_hooks(history: History) -> Iterator[Violation]:
    """All that is wrong in it; nothing where callers have no webhooks."""
    if not history.hooks:
        return
    stories = {story.video: story for story in history.stories if story.video}
    events: defaultdict[str, list[Event]] = defaultdict(list)
    for event in history.events:
        events[event.video].append(event)
        if not event.is_signed:
            yield Violation(Wrong.MISTOLD, "", f"an event to {event.caller} without its signature")
    for video, told in events.items():
        if video in stories:
            yield from _check_told(history, stories[video], told)
    for video, story in stories.items():
        if _saw_end(story) and not any(event.taken for event in events[video]):
            text = f"{story.wish}: no event about {video} was taken"
            yield Violation(Wrong.UNTOLD, story.group, text, _forgotten(history))


def _check_told(history: History, story: Story, events: list[Event]) -> Iterator[Violation]:
    """What was told of a video that a client holds."""
    if others := {event.caller for event in events} - {story.caller}:
        yield Violation(Wrong.ANOTHERS, story.group, f"{story.wish}: its end was told to {sorted(others)}")
    if types := {event.type for event in events} - {_COMPLETED}:
        yield Violation(Wrong.MISTOLD, story.group, f"{story.wish} was told of as {sorted(types)}")
    if len({event.id for event in events}) > 1:
        yield Violation(Wrong.MISTOLD, story.group, f"{story.wish}: one end has several ids")
    ends = {task.id: task.ends for task in history.tasks}
    if min(event.at for event in events) < ends.get(story.task, 0.0):
        yield Violation(Wrong.FALSE_END, story.group, f"{story.wish}: told of before its task's end")
    # Without a store each process tells of what it has seen; who died may not have written down what it told.
    taken = sum(event.taken for event in events)
    if history.store != "memory" and not history.upsets and taken > 1:
        yield Violation(Wrong.MISTOLD, story.group, f"{story.wish}: its end was taken {taken} times")


def _forgotten(history: History) -> Window:
    """Whether what was due may have ended with a process: nobody else knows of it without a store, or where
    the store was away when it was to be written."""
    if not any(upset.what in _ENDS for upset in history.upsets):
        return Window.NONE
    if history.store == "memory":
        return Window.KILL
    return Window.AWAY if history.is_said_away else Window.NONE


def _saw_end(story: Story) -> bool:
    return any(sight.status == "completed" for sight in story.sights)
