"""The command ``ganirl``, and ``python -m ganirl_reports``: nothing heavy is imported before Ctrl-C is heard."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code; interrupted while it is still being imported, with 130."""
    try:
        from .command_line import run  # noqa: PLC0415

        code = run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":  # --jobs starts processes, which import this module again
    main()
