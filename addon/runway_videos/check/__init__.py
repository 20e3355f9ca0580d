"""Checks a mitm.conf without starting the proxy: `python -m runway_videos.check`."""
