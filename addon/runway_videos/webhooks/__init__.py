"""Webhooks: `video.completed` and `video.failed`, as OpenAI sent them. See README.md beside this file."""
