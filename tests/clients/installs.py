"""The clients and their versions, and how each is installed: in an environment of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

CALLS = Path(__file__).with_name("calls")
#: npm and pip take this long at most, in seconds.
_PATIENCE = 600.0


class NotInstalledError(Exception):
    """Why a client is not here."""


class Client(msgspec.Struct, frozen=True):
    """`version` is what is asked of the registry. `quick`: it needs no registry, or little of it."""

    name: str
    version: str
    install: Callable[[Client, Path], Sequence[str]]
    quick: bool = False


def _pip(client: Client, folder: Path) -> list[str]:
    python = folder / "bin" / "python"
    _run(sys.executable, "-m", "venv", str(folder))
    package = client.name.removesuffix("-python")
    _run(
        str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{package}{client.version}"
    )
    return [str(python), str(CALLS / _SCRIPTS[client.name])]


def _here(client: Client, folder: Path) -> list[str]:
    return [sys.executable, str(CALLS / _SCRIPTS[client.name])]


def _npm(client: Client, folder: Path) -> list[str]:
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise NotInstalledError("Node is not installed")
    folder.mkdir(parents=True)
    package = f"openai@{client.version}"
    _run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), package)
    return ["node", str(CALLS / _SCRIPTS[client.name]), str(folder)]


def _curl(client: Client, folder: Path) -> list[str]:
    if shutil.which("curl") is None:
        raise NotInstalledError("curl is not installed")
    return _here(client, folder)


def _run(*command: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
    )
    if done.returncode:
        raise NotInstalledError((done.stdout.strip().splitlines() or ["no reason given"])[-1][:300])


_SCRIPTS = {
    "openai-python": "openai_python.py",
    "openai-node": "openai_node.mjs",
    "litellm": "litellm_sdk.py",
    "curl": "curl.py",
}

#: The oldest that has videos, the newest that runs here, and the SDKs that stand on them.
CLIENTS = (
    Client("openai-python", "as in the lock", _here, quick=True),
    Client("openai-python", "==2.2.0", _pip),
    Client("openai-python", ">=2.27,<2.28", _pip),
    Client("openai-python", ">=3", _pip, quick=True),
    Client("openai-node", "6.2.0", _npm),
    # Version 7 needs Node 22.
    Client("openai-node", "6", _npm, quick=True),
    Client("litellm", ">=1.100", _pip),
    Client("curl", "of this machine", _curl, quick=True),
)
