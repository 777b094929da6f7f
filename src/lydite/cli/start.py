"""The entry point: light to import, so that an interruption during start-up ends as quietly as any other."""

from __future__ import annotations

import sys

EXIT_FAILED = 1


def start() -> None:
    """Run the command line."""
    try:
        from lydite.cli.main import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("lydite: Interrupted.\n")
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    start()
