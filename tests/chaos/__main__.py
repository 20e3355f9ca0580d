"""`.venv/bin/python tests/chaos`, from the project's root; `--help` tells the options."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Finds the tests' modules, wherever it is called from."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from chaos import command
    from chaos.soak import command as soak

    return soak.main(sys.argv[1:]) if "--soak" in sys.argv else command.main()


if __name__ == "__main__":
    sys.exit(main())
