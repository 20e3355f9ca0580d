"""`.venv/bin/python tests/bench`, from the project's root; `--help` tells the options."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Finds the tests' modules and the addon's, wherever it is called from."""
    tests = Path(__file__).resolve().parent.parent
    sys.path[:0] = [str(tests), str(tests.parent / "addon")]
    from bench import command

    return command.main()


if __name__ == "__main__":
    sys.exit(main())
