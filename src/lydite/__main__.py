"""``python -m lydite``: the command line where its script is not on the path."""

from __future__ import annotations

from lydite.cli.start import start

if __name__ == "__main__":
    start()
