"""A Runway body while it is being put together."""

from __future__ import annotations

from runway_videos.catalog import Catalog, Row, Schema
from runway_videos.errors import bad_request
from runway_videos.translate.field_names import ClientField


class BodyBuilder:
    """`body` by wire names; `names`: what the client called each; `ignored`: what was left out.

    `closed`: wire names that a rule of the model keeps us from adding; "*" stands for all.
    `asked_only`: those that we add only where the client says what.
    """

    def __init__(self, catalog: Catalog, model: str, mode: str, row: Row) -> None:
        self.catalog = catalog
        self.model = model
        self.mode = mode
        self.row = row
        self.body: dict[str, object] = {}
        self.names: dict[str, str] = {}
        self.ignored: list[str] = []
        self.closed: set[str] = set()
        self.asked_only: set[str] = set()

    @property
    def fields(self) -> dict[str, Schema]:
        return self.row.fields

    def put(self, wire: str, field: ClientField, value: object) -> None:
        if wire in self.body:
            raise bad_request(
                f"`{self.names[wire]}` and `{field.name}` are two names for one field: send one.",
                field.name,
            )
        self.body[wire] = value
        self.names[wire] = field.name
