"""An application that knows https://api.openai.com alone: run as a program, it prints as JSON what it got."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import sys

import openai

from far_ends import WEB_SOCKET

HOST = "api.openai.com"


def video(user: openai.OpenAI, prompt: str) -> dict[str, object]:
    made = user.videos.create_and_poll(prompt=prompt, model="sora-2", seconds="4", poll_interval_ms=50)
    content = user.videos.download_content(made.id).read()
    return {"id": made.id, "status": made.status, "sha256": hashlib.sha256(content).hexdigest()}


def chat(user: openai.OpenAI) -> str:
    """The words of a chat that is streamed."""
    stream = user.chat.completions.create(
        model="gpt-x", messages=[{"role": "user", "content": "Say it"}], stream=True
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def web_socket() -> str:
    """The first text that comes over a web socket, as short as the server's frame."""
    own = f"openai-insecure-api-key.{os.environ['OPENAI_API_KEY']}"
    headers = (("Host", HOST), *WEB_SOCKET, ("Sec-WebSocket-Protocol", f"realtime, {own}"))
    lines = ["GET /v1/realtime HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with (
        socket.create_connection((HOST, 443), timeout=30) as plain,
        trust.wrap_socket(plain, server_hostname=HOST) as connection,
    ):
        connection.sendall("\r\n".join(lines).encode())
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 101 ")
            while answer.readline().strip():
                pass
            _, length = answer.read(2)
            return answer.read(length).decode()


if __name__ == "__main__":
    with openai.OpenAI(timeout=60) as user:
        found = {"video": video(user, sys.argv[1]), "chat": chat(user), "web_socket": web_socket()}
    print(json.dumps(found))
