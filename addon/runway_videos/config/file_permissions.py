"""Whose the configuration file is, and who else can write or read it. POSIX only."""

from __future__ import annotations

import os
import stat
import sys


def why_not_trusted(status: os.stat_result, user: int, owner_group: int | None) -> str | None:
    """Why a file must not be read by `user`; None where only the user or root can have written it.

    `owner_group`: the group that its owner has alone. Many systems let it write new files.
    """
    if status.st_uid not in (user, 0):
        return f"belongs to another user (uid {status.st_uid}): it must be yours (uid {user}) or root's"
    writers = stat.S_IWOTH
    if owner_group is None or status.st_gid != owner_group:
        writers |= stat.S_IWGRP
    if status.st_mode & writers:
        return f"others can write it (mode {mode_text(status.st_mode)}): chmod go-w it"
    return None


def others_can_read(mode: int) -> bool:
    """Whether users that are neither the owner nor of the file's group can read it."""
    return bool(mode & stat.S_IROTH)


def mode_text(mode: int) -> str:
    """`0644`"""
    return f"{stat.S_IMODE(mode):04o}"


if sys.platform == "win32":

    def refusal(status: os.stat_result) -> str | None:
        """Files there have no such owners and modes."""
        return None

else:
    import grp
    import pwd

    def refusal(status: os.stat_result) -> str | None:
        """Why this process must not read a file."""
        return why_not_trusted(status, os.geteuid(), _group_alone(status.st_uid))

    def _group_alone(user: int) -> int | None:
        """The group of a user that has the user's name and no further members."""
        try:
            entry = pwd.getpwuid(user)
            group = grp.getgrgid(entry.pw_gid)
        except KeyError:
            return None
        alone = group.gr_name == entry.pw_name and set(group.gr_mem) <= {entry.pw_name}
        return entry.pw_gid if alone else None
