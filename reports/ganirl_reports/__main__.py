"""``python -m ganirl_reports`` is the command line ``ganirl``."""

from __future__ import annotations

from .command_line import main

if __name__ == "__main__":  # --jobs starts processes, which import this module again
    main()
