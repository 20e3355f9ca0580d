"""The ends of one video, for one webhook, as processes share them: which are due, and who delivers them.

| what happens                      | becomes                                                                |
|-----------------------------------|------------------------------------------------------------------------|
| nothing is stored                 | the video runs, as far as is known                                     |
| an end is seen, none is due       | due; it is delivered by the process that saw it                        |
| an end is seen while one is due   | due behind that, and delivered by the same process                     |
| it was delivered, or given up     | told: nobody delivers it again                                         |
| the process that delivers died    | another one does                                                       |
| its client deletes the video      | what is due stays so; no end becomes due any more                      |
"""

from __future__ import annotations

import msgspec

_LAST = "video.completed"


class StoredEnd(msgspec.Struct, frozen=True, array_like=True):
    """An end that is to be delivered, seen at unix time `since`."""

    type: str
    since: float


class StoredEnds(msgspec.Struct, frozen=True, array_like=True):
    """`owner` is the process that delivers what is due; `told` are types."""

    owner: str = ""
    due: tuple[StoredEnd, ...] = ()
    told: tuple[str, ...] = ()
    is_deleted: bool = False

    def with_end(self, type: str, since: float, seen_by: str) -> StoredEnds:
        """An end was seen. One that is known, or comes late behind the last one, changes nothing."""
        known = {*self.told, *(each.type for each in self.due)}
        if self.is_deleted or type in known or _LAST in known:
            return self
        due = (*self.due, StoredEnd(type, since))
        return msgspec.structs.replace(self, owner=self.owner if self.due else seen_by, due=due)

    def with_told(self, type: str) -> StoredEnds:
        """An end was delivered, or given up."""
        told = self.told if type in self.told else (*self.told, type)
        due = tuple(each for each in self.due if each.type != type)
        return msgspec.structs.replace(self, due=due, told=told)

    def with_owner(self, owner: str, dead: str) -> StoredEnds:
        """What a dead process was to deliver, another one does."""
        return msgspec.structs.replace(self, owner=owner) if self.due and self.owner == dead else self

    def with_deletion(self) -> StoredEnds:
        """The video is deleted."""
        return msgspec.structs.replace(self, is_deleted=True)

    def is_due(self, type: str, owner: str) -> bool:
        """Whether `owner` is to deliver that end."""
        return self.owner == owner and any(each.type == type for each in self.due)

    @property
    def runs(self) -> bool:
        """Whether the video has not ended, as far as is known here."""
        return not (self.due or self.told or self.is_deleted)
