"""Prints which packages differ between two lists of `name==version`: `python moved.py OLD NEW`.

A package that only the old list has is not named: a lock holds those of every platform.
"""

import re
import sys
from pathlib import Path

_LINE = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def versions(text: str) -> dict[str, str]:
    """Package, as the registry spells it → version."""
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in _LINE.findall(text)}


def moved(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """One line a package that is new or has another version."""
    return [
        f"{name} {old.get(name, '(none)')} -> {version}"
        for name, version in sorted(new.items())
        if old.get(name) != version
    ]


if __name__ == "__main__":
    before, after = (versions(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:])
    print("\n".join(moved(before, after)) or "nothing moved")
