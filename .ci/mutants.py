"""Mutation testing of our own floors 1 and 3: the small changes of the code that no test notices.

    python .ci/mutants.py --floor 1 --sample 100 --seed 0 --output mutants.json [MODULE…]

Mutants are drawn evenly over the modules, of the kinds that a person could have slipped on, and made in a copy of
what is committed, so that no checkout is touched. The tests of the floor run in the order of how much they say of the
module, and stop at the first that fails. Exits 1 where a mutant survives. Needs cosmic-ray (the extra `mutation`).
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    1: ("reference/ganirl", "reference/tests"),
    3: ("property_tests/ganirl_properties", "property_tests/tests"),
}
# Adapters of libraries that are not installed here are tested where they are.
ELSEWHERE = re.compile(r"targets/(imitation|torchrl|tianshou|econirl|maxent)")
# What a person slips on. The rest (shifts, bitwise operators) fails at once, or stands in annotations.
PLAUSIBLE = re.compile(
    r"core/(ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Pow_Mul|FloorDiv_Div)"
    r"|ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Eq_NotEq|NotEq_Eq|Is_IsNot|IsNot_Is)"
    r"|ReplaceUnaryOperator_(Delete_USub|Delete_Not|USub_UAdd)|ReplaceAndWithOr|ReplaceOrWithAnd"
    r"|ReplaceTrueWithFalse|ReplaceFalseWithTrue|AddNot|NumberReplacer|ZeroIterationForLoop)"
)


def specs_of(module: Path) -> Iterator[MutationSpec]:
    """Yield the plausible mutants of a module; numbers are changed by +1 alone."""
    nodes = list(ast_nodes(get_ast(module.read_text(encoding="utf-8"))))
    for name in operator_names():
        if not PLAUSIBLE.fullmatch(name):
            continue
        operator = get_operator(name)()
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            if name == "core/NumberReplacer" and occurrence % 2:
                continue
            yield MutationSpec(module, name, occurrence, start, end)


def drawn(modules: Sequence[Path], sample: int, seed: int) -> list[MutationSpec]:
    """Draw as many mutants of each module as of any other, where it has so many."""
    rng = random.Random(seed)
    decks = []
    for module in modules:
        deck = list(specs_of(module))
        rng.shuffle(deck)
        decks.append(deck)
    found: list[MutationSpec] = []
    while len(found) < sample and any(decks):
        rng.shuffle(decks)
        found += [deck.pop() for deck in decks if deck]
    return found[:sample]


def tests_for(module: Path, tests: Path) -> list[str]:
    """Return the test files of a floor, those that name the module, or what is in it, first."""
    public = re.findall(r"^(?:def|class) ([A-Za-z]\w+)", module.read_text(encoding="utf-8"), re.MULTILINE)
    words = re.compile(rf"\b(?:{'|'.join([re.escape(module.stem), *public])})\b")
    said = {path: len(words.findall(path.read_text(encoding="utf-8"))) for path in tests.glob("test_*.py")}
    return [str(path) for path in sorted(said, key=lambda path: (-said[path], path.name)) if said[path]]


def copy_of_head(where: Path) -> None:
    """Unpack what is committed."""
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(where, filter="data")


def judged(spec: MutationSpec, tests: Path, timeout: float) -> dict[str, Any]:
    """Run the tests on a mutant."""
    chosen = tests_for(spec.module_path, tests)
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider -p no:xdist {' '.join(chosen)}"
    started = time.perf_counter()
    result = mutate_and_test([spec], command, timeout)
    output = result.output or ""
    late = "timeout" in output.lower() and "passed" not in output
    return {
        "module": str(spec.module_path),
        "operator": spec.operator_name.removeprefix("core/"),
        "line": spec.start_pos[0],
        "outcome": "timeout" if late else str(getattr(result.test_outcome, "value", "none")),
        "seconds": round(time.perf_counter() - started, 1),
        "tests": [Path(name).name for name in chosen],
        "diff": result.diff,
    }


def main() -> int:
    """Draw, test, tell; exits 1 where a mutant survives."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", help="parts of the paths of modules; all by default")
    parser.add_argument("--floor", type=int, choices=sorted(FLOORS), default=1)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--timeout", type=float, default=300.0, help="seconds a mutant; a mutant that hangs is killed"
    )
    parser.add_argument("--output", type=Path, help="JSON, written anew after each mutant")
    given = parser.parse_args()
    output = given.output.resolve() if given.output else None
    package, tests = FLOORS[given.floor]
    with tempfile.TemporaryDirectory() as folder:
        copy_of_head(Path(folder))
        os.chdir(folder)
        modules = sorted(path for path in Path(package).rglob("*.py") if not ELSEWHERE.search(str(path)))
        if given.modules:
            modules = [path for path in modules if any(part in str(path) for part in given.modules)]
        modules = [path for path in modules if tests_for(path, Path(tests))]
        rows: list[dict[str, Any]] = []
        for spec in drawn(modules, given.sample, given.seed):
            row = judged(spec, Path(tests), given.timeout)
            rows.append(row)
            print(
                f"{len(rows):4} {row['outcome']:9} {row['seconds']:6} s  "
                f"{row['module']}:{row['line']} {row['operator']}",
                flush=True,
            )
            if row["outcome"] == "survived":
                print(row["diff"], flush=True)
            if output:
                output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    survived = sum(row["outcome"] == "survived" for row in rows)
    print(f"{len(rows)} mutants = {len(rows) - survived} killed + {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
