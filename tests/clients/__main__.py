"""`.venv/bin/python tests/clients`, from the project's root; `--help` tells the options."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Finds the tests' modules, wherever it is called from."""
    here = Path(__file__).resolve()
    sys.path[:0] = [str(here.parent.parent), str(here.parent.parent.parent / "addon")]
    from clients.command import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
