"""Runway's API: creates, tasks, upload slots, the organisation."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from runway_videos.sandbox import bodies, inputs, uploads
from runway_videos.sandbox.handlers import Base, bearer
from runway_videos.sandbox.organisations import DOC_URL, Organisation, Refused
from runway_videos.sandbox.state import SandboxState
from runway_videos.sandbox.tasks import PromptControls

VERSION = "2024-11-06"
# A body of this size or more is decoded and checked in a thread.
_LARGE_BYTES = 256 << 10

_UPLOAD_SCHEMA: bodies.Schema = {
    "type": "object",
    "properties": {
        "filename": {"type": "string", "minLength": 3, "maxLength": 255},
        "type": {"type": "string", "enum": ["ephemeral"]},
    },
    "required": ["filename", "type"],
    "open": True,
}


_DAY: bodies.Schema = {"type": "string", "minLength": 10, "maxLength": 10}
_USAGE_SCHEMA: bodies.Schema = {
    "type": "object",
    "properties": {"startDate": _DAY, "beforeDate": _DAY},
    "required": [],
}


class Api(Base):
    """Checks the key and the version before anything else."""

    organisation: Organisation

    def prepare(self) -> None:
        key = bearer(self.request)
        if key is None:
            raise Refused(401, "You must provide an API key.")
        organisation = self.state.organisation(key)
        if organisation is None:
            raise Refused(401, "Incorrect API key provided.")
        self.organisation = organisation
        if self.request.headers.get("X-Runway-Version") != VERSION:
            message = f"The X-Runway-Version header is required and must be {VERSION}."
            raise Refused(400, message, docUrl=DOC_URL)

    async def read(self) -> object:
        """The decoded JSON body; None when the content type is not JSON."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return None
        self.recorded_size = len(self.request.body)
        try:
            body = await _in_thread_if_large(self.recorded_size, msgspec.json.decode, self.request.body)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Refused(400, "Invalid JSON in request body", docUrl=DOC_URL) from error
        if isinstance(body, dict):
            self.recorded_body = body
        return body


class Create(Api):
    """POST /v1/text_to_video, /v1/image_to_video and /v1/video_to_video."""

    async def post(self) -> None:
        body = await self.read()
        models = bodies.rows()[self.request.path.rpartition("/")[2]]
        organisation = self.organisation

        def media(text: str, kind: str) -> str | None:
            if text.startswith("runway://"):
                return self.state.uploads.problem(text, kind, organisation.name)
            if self.state.videos.is_output(text):
                return self.state.videos.output_problem(text, kind)
            return inputs.problem(text, kind)

        _refuse(await _in_thread_if_large(self.recorded_size, bodies.check, body, models, media))
        assert isinstance(body, dict)  # checked above
        if PromptControls.read(str(body.get("promptText", ""))).shed:
            raise Refused(503, "The service is overloaded.")
        task = self.state.make(organisation, body)
        self.recorded_made = task.id
        if task.controls.lost:
            self.set_status(502)
            self.set_header("Content-Type", "text/html")
            self.finish("<html><body>502 Bad Gateway</body></html>")
            return
        self.reply(200, {"id": task.id, "estimatedCost": {"credits": task.estimate}})


class OneTask(Api):
    """GET and DELETE /v1/tasks/{id}."""

    def get(self, task_id: str) -> None:
        task = self.state.tasks.get(self.organisation.name, task_id)
        if task is None:
            raise Refused(404, "Could not find Task")
        self.reply(200, task.describe(self.state.clock(), self.state.output_url))

    def delete(self, task_id: str) -> None:
        if not self.state.delete(self.organisation, task_id):
            raise Refused(404, "Could not find Task")
        self.set_status(204)


class OpenUpload(Api):
    """POST /v1/uploads: step one of an upload, the slot."""

    async def post(self) -> None:
        body = await self.read()
        _refuse(bodies.check_plain(body, _UPLOAD_SCHEMA))
        assert isinstance(body, dict)  # checked above
        filename: str = body["filename"]
        if uploads.extension(filename) not in inputs.EXTENSIONS:
            message = f"Unsupported file extension. Expected {', '.join(inputs.EXTENSIONS)}"
            _refuse([bodies.Issue("custom", ("filename",), message)])
        slot = self.state.uploads.open(self.organisation.name, filename)
        self.reply(
            200,
            {
                "uploadUrl": self.state.url + uploads.PATH,
                "fields": slot.fields,
                "runwayUri": slot.uri,
            },
        )


class OrganisationInfo(Api):
    """GET /v1/organization."""

    def get(self) -> None:
        models = {name: None for mode in bodies.rows().values() for name in mode}
        self.reply(200, self.organisation.describe(models, self.state.clock()))


class OrganisationUsage(Api):
    """POST /v1/organization/usage."""

    async def post(self) -> None:
        body = await self.read()
        _refuse(bodies.check_plain(body, _USAGE_SCHEMA))
        assert isinstance(body, dict)  # checked above
        today = datetime.fromtimestamp(self.state.clock(), UTC).date()
        start = date.fromisoformat(str(body.get("startDate", today - timedelta(30))))
        before = date.fromisoformat(str(body.get("beforeDate", start + timedelta(30))))
        if before > start + timedelta(90):
            _refuse([bodies.Issue("custom", ("beforeDate",), "At most 90 days can be queried at a time.")])
        self.reply(200, self.organisation.usage(start.isoformat(), before.isoformat()))


def routes(state: SandboxState) -> list[tuple[str, type[Api], dict[str, Any]]]:
    """Tornado's routing table."""
    return [
        *((f"/v1/{mode}", Create, {"state": state}) for mode in bodies.rows()),
        (r"/v1/tasks/([^/]+)", OneTask, {"state": state, "route": "/v1/tasks/{id}"}),
        ("/v1/uploads", OpenUpload, {"state": state}),
        ("/v1/organization", OrganisationInfo, {"state": state}),
        ("/v1/organization/usage", OrganisationUsage, {"state": state}),
    ]


def _refuse(issues: list[bodies.Issue]) -> None:
    if issues:
        raise Refused(400, "Validation of body failed", issues=issues, docUrl=DOC_URL)


async def _in_thread_if_large(size: int, function: Any, *args: Any) -> Any:
    if size < _LARGE_BYTES:
        return function(*args)
    return await asyncio.to_thread(function, *args)
