"""OpenAI's Videos API, served from Runway. `service` is where to start reading."""

VERSION = "0.3.0"
