"""Alerts: tells operators, in a channel of theirs, when something goes wrong."""
