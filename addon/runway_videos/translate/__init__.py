"""From a client's create to a Runway task call. Pure: no I/O; `choice.plan_create` is the start."""

from __future__ import annotations

from runway_videos.translate.choice import first_served, plan_create
from runway_videos.translate.field_names import client_param
from runway_videos.translate.model_names import Resolved, resolve_model
from runway_videos.translate.source import Source
from runway_videos.translate.task_call import Plan, TaskCall

__all__ = [
    "Plan",
    "Resolved",
    "Source",
    "TaskCall",
    "client_param",
    "first_served",
    "plan_create",
    "resolve_model",
]
