"""``python -m ganirl_reports.isolation TARGET ARGUMENTS…``: the Python of the target's environment, with this ganirl.

``… imitation-airl SCRIPT.py`` runs a script there, ``… imitation-airl -m pytest property_tests/tests -k imitation``
runs tests; without arguments it is a prompt. Before TARGET, ``--with REQUIREMENT`` says what is installed for it, as
in ``ganirl verify``. The exit code is that Python's.
"""

from __future__ import annotations

import subprocess
import sys

from ganirl_properties import UsageError

from .environment import prepare
from .overlay import laid_over
from .recipes import recipe_for
from .running import variables_for

USAGE = "usage: python -m ganirl_reports.isolation [--with REQUIREMENT]… TARGET ARGUMENTS…"


def main(arguments: list[str]) -> int:
    """Run it and return its exit code."""
    requirements = list[str]()
    rest = list(arguments)
    while len(rest) > 1 and rest[0] == "--with":
        requirements.append(rest[1])
        rest = rest[2:]
    if not rest or rest[0].startswith("-"):
        print(USAGE, file=sys.stderr)
        return 2
    target, *rest = rest
    try:
        plan = recipe_for(target, requirements)
        environment = prepare(plan.recipe, lambda words: print(words, file=sys.stderr))
        with laid_over() as overlay:
            return subprocess.call([environment.python, *rest], env=variables_for(environment, overlay))
    except UsageError as error:
        print(f"ganirl: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
