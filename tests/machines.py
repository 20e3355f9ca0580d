"""Machines of a test's own: network and mount namespaces, and nothing in them but what it puts there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from child_processes import Child
from running import clean_environment

_PROGRAMS = ("unshare", "nsenter", "setpriv", "ip", "iptables", "ip6tables", "nft", "sysctl")


def why_not() -> str | None:
    """Why no such machines can be made here, None where they can."""
    if not hasattr(os, "setns") or os.geteuid() != 0:
        return "only root of a Linux can make network namespaces"
    if missing := [each for each in _PROGRAMS if shutil.which(each) is None]:
        return f"{', '.join(missing)}: not installed"
    tried = subprocess.run(
        [
            "unshare",
            "--net",
            "--mount",
            "sh",
            "-ec",
            "mount -t tmpfs none /mnt; nft list ruleset; iptables -t nat -A OUTPUT -p tcp -j REDIRECT",
        ],
        capture_output=True,
    )
    return f"namespaces are not allowed here: {tried.stderr.decode()[-200:]}" if tried.returncode else None


class Machine:
    """`with Machine() as machine`: it lives until the end of the block."""

    def __enter__(self) -> Machine:
        # Ends with its input, so at the latest with the test's process.
        self._child = Child(
            ["unshare", "--net", "--mount", "--propagation", "private", "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write("made\n")
        self._child.stdin.flush()
        assert self._child.stdout.readline() == "made\n"
        self.sh("ip link set lo up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.kill()
        self._child.communicate()

    def command(self, *arguments: str, user: str | None = None) -> list[str]:
        """A command line that runs there, as that user where one is named."""
        enter = ["nsenter", "--target", str(self._child.pid), "--net", "--mount"]
        if user is not None:
            # The interpreter and the checkout may lie where only root can read.
            enter += ["setpriv", f"--reuid={user}", "--clear-groups"]
            enter += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return [*enter, *arguments]

    def run(self, *arguments: str, user: str | None = None, env: Mapping[str, str] = {}) -> bytes:
        """What a program writes that succeeds there."""
        done = subprocess.run(
            self.command(*arguments, user=user), env=clean_environment(env), capture_output=True, timeout=60
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return done.stdout

    def sh(self, script: str, env: Mapping[str, str] = {}) -> str:
        """What a shell script writes, all of whose commands succeed."""
        return self.run("sh", "-euc", script, env=env).decode()

    def joined_to(self, other: Machine, name: str, own: Iterable[str], others: Iterable[str]) -> None:
        """A cable between both, an interface `name` of either; addresses as `192.0.2.1/24`."""
        self.sh(f"ip link add {name} type veth peer name far netns {other._child.pid}")
        other.sh(f"ip link set far name {name}")
        for machine, addresses in ((self, own), (other, others)):
            # Without a look for others that have an IPv6 address: they could not be used for a second.
            for address in addresses:
                machine.sh(f"ip address add {address} dev {name} {'nodad' if ':' in address else ''}")
            machine.sh(f"ip link set {name} up")

    def instead_of(self, path: str, text: str, folder: Path) -> None:
        """A file there that programs on this machine find in place of the real one."""
        kept = folder / path.strip("/").replace("/", "_")
        kept.write_text(text)
        self.sh(f"mount --bind {kept} {path}")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets, threads and processes of the block belong to this machine, also when it has ended."""
        with Path("/proc/thread-self/ns/net").open() as outside:
            with Path(f"/proc/{self._child.pid}/ns/net").open() as there:
                os.setns(there.fileno(), os.CLONE_NEWNET)
            try:
                yield
            finally:
                os.setns(outside.fileno(), os.CLONE_NEWNET)
