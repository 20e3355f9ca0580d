"""`.venv/bin/python tests/chaos`, from the project's root; `--help` tells the options."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Finds the tests' modules, wherever it is called from."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from chaos.command import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
