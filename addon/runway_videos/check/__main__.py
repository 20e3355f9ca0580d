"""`python -m runway_videos.check [mitm.conf]`, from `addon/`."""

from __future__ import annotations

import sys

from runway_addon.conf_check import main

sys.exit(main(sys.argv[1:]))
