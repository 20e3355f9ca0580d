"""Says in words why README's commands cannot work with this `python3` or with the `.venv` that is there.

Runs before anything is installed, also under a Python that is too old: nothing newer than 3.6 here.
"""

import subprocess
import sys
from pathlib import Path

LEAST = (3, 12)
VENV = Path(__file__).resolve().parent.parent / ".venv"


def problem(running, venv):
    """What stands in the way, or None. `running` is the version of `python3`: (major, minor)."""
    if running < LEAST:
        return (
            f"Python {_text(LEAST)} or newer is needed, and python3 is {_text(running)}. Put the name of a "
            "newer one, such as python3.13, wherever the line says python3."
        )
    found = version_of(venv) if venv.is_dir() else running
    if found != running:
        what = "of Python " + _text(found) if found else "broken"
        return (
            f"{venv} is {what}, and python3 is {_text(running)}: "
            "remove it (rm -r .venv) and run the line again."
        )
    return None


def version_of(venv):
    """The Python of an environment: (major, minor), or None where it does not run."""
    folder = venv / ("Scripts" if sys.platform == "win32" else "bin")
    code = "import sys; print(*sys.version_info[:2])"
    try:
        said = subprocess.check_output([str(folder / "python"), "-c", code], stderr=subprocess.DEVNULL)
        major, minor = said.split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def _text(version):
    return ".".join(map(str, version))


if __name__ == "__main__":
    sys.exit(problem(sys.version_info[:2], VENV))
