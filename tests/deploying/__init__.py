"""What operators are given in addon/deploy, and places to try it in."""

from __future__ import annotations

from running import ADDON

DEPLOY = ADDON.parent / "deploy"
UNIT = DEPLOY / "runway-videos.service"
CONTAINERFILE = DEPLOY / "Containerfile"
