"""``python -m mechlearn`` and the console script: the commands on the process's own arguments."""

from __future__ import annotations

import logging

from .cli import app


def main(arguments: list[str] | None = None) -> None:
    """Run the command that the arguments name, those of the process if absent, and exit."""
    logging.basicConfig(format="mechlearn: %(message)s", level=logging.WARNING)
    app(arguments, prog_name="mechlearn")


if __name__ == "__main__":
    main()
