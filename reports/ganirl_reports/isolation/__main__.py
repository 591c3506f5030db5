"""``python -m ganirl_reports.isolation TARGET ARGUMENTS…``: the Python of the target's environment, with this ganirl.

``… imitation-airl -m pytest property_tests/tests -k imitation`` runs tests there; without arguments it is a prompt.
The exit code is that Python's.
"""

from __future__ import annotations

import subprocess
import sys

from ganirl_properties import UsageError

from .environment import prepare
from .overlay import laid_over
from .recipes import recipe_for
from .running import variables_for


def main(arguments: list[str]) -> int:
    """Run it and return its exit code."""
    if not arguments:
        print("usage: python -m ganirl_reports.isolation TARGET ARGUMENTS…", file=sys.stderr)
        return 2
    target, *rest = arguments
    try:
        environment = prepare(recipe_for(target).recipe, lambda words: print(words, file=sys.stderr))
        with laid_over() as overlay:
            return subprocess.call([environment.python, *rest], env=variables_for(environment, overlay))
    except UsageError as error:
        print(f"ganirl: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
