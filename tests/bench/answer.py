"""The three-line addon that the bench compares with: it answers every request at once."""

from mitmproxy import http

VIDEO = b'{"id":"video_0123456789","object":"video","status":"completed","progress":100,"model":"sora-2"}'


def request(flow: http.HTTPFlow) -> None:
    flow.response = http.Response.make(200, VIDEO, {"content-type": "application/json"})
