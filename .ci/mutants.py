"""Mutation testing of our own floors 1 and 3: the small changes of the code that no test notices.

    python .ci/mutants.py --floor 1 --sample 100 --seed 0 --output mutants.json [MODULE…]
    python .ci/mutants.py --again reports/published/mutation/mutants.json --output mutants.json

Mutants are drawn evenly over the modules, of the kinds that a person could have slipped on, and made in a copy of
what is committed, so that no checkout is touched. The tests of the floor run, all or some, in the order of how much
they say of the module, and stop at the first that fails. Before, they must pass in the copy as it is, and fail where
its package cannot be imported: else every mutant, or none, would be killed. `--again` makes the mutants of a file
anew, also where their lines have moved since, and keeps what the file says of them: that one survived at first, and
why it may live.
Exits 1 where a mutant survives without an explanation. Needs cosmic-ray (the extra `mutation`).
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
from difflib import unified_diff
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    1: ("reference/ganirl", "reference/tests"),
    3: ("property_tests/ganirl_properties", "property_tests/tests"),
}
ROOTS = ("reference", "symbolic", "property_tests", "gpu_tests", "reports")
# What needs libraries that are not installed here is tested where they are.
ELSEWHERE = re.compile(r"targets/(imitation|torchrl|tianshou|econirl|maxent)|/(jax|cupy)_")
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


def change_of(spec: MutationSpec) -> str:
    """Return the lines before and after, which say what a mutant is also where the file has grown above it."""
    code = spec.module_path.read_text(encoding="utf-8")
    mutant = mutate_code(code, get_operator(spec.operator_name)(), spec.occurrence) or ""
    lines = list(unified_diff(code.splitlines(), mutant.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def again(row: dict[str, Any]) -> MutationSpec | None:
    """Return the mutant of a row in the code as it is now: of equal lines the nearest one."""
    module = Path(row["module"])
    name = f"core/{row['operator']}"
    same = [spec for spec in specs_of(module) if spec.operator_name == name] if module.exists() else []
    same = [spec for spec in same if change_of(spec) == row["change"]]
    return min(same, key=lambda spec: abs(spec.start_pos[0] - row["line"]), default=None)


def tests_for(module: Path, tests: Path, given: argparse.Namespace) -> list[str]:
    """Return test files of a floor: first those that say most of the module and its folder, then what verifies most."""
    public = re.findall(r"^(?:def|class) ([A-Za-z]\w+)", module.read_text(encoding="utf-8"), re.MULTILINE)
    folder = [] if module.parent.parent == tests.parent else [module.parent.name]
    words = re.compile(rf"\b(?:{'|'.join([re.escape(module.stem), *folder, *public])})\b")

    def order(path: Path) -> tuple[int, int, str]:
        text = path.read_text(encoding="utf-8")
        return -len(words.findall(text)), -text.count("verify("), path.name

    files = [path for path in tests.glob("test_*.py") if not re.search(given.without or "^$", path.name)]
    return [str(path) for path in sorted(files, key=order)[: given.files]]


def copy_of_head(where: Path) -> None:
    """Unpack what is committed, and compile it: its files are older than any mutant, so that none runs stale."""
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(where, filter="data")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(where)], check=True)
    # Processes that a test starts shall import the copy, too.
    os.environ["PYTHONPATH"] = os.pathsep.join(str(where / root) for root in ROOTS)


def command_of(tests: Sequence[str]) -> str:
    """Return the command that runs test files in this order, up to the first failure."""
    return f"{sys.executable} -m pytest -x -q -p no:cacheprovider -p no:xdist {' '.join(tests)}"


def rehearsed(package: Path, tests: Path, given: argparse.Namespace) -> None:
    """Exit unless the tests pass in the copy, and fail where its package cannot be imported."""
    chosen = tests_for(package / "__init__.py", tests, given)
    if not given.known_green:
        passed = subprocess.run(command_of(chosen).split(), capture_output=True, text=True, check=False)
        if passed.returncode:
            sys.exit(f"the tests fail before anything is changed:\n{passed.stdout[-2000:]}")
    first = package / "__init__.py"
    code = first.read_text(encoding="utf-8")
    first.write_text(f"{code}\nraise RuntimeError\n", encoding="utf-8")
    outcome, _ = run_tests(command_of(chosen), 600)
    first.write_text(code, encoding="utf-8")
    if outcome.value != "killed":
        sys.exit("the tests pass although the copy's package cannot be imported: they test another one")


def judged(spec: MutationSpec, tests: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Run the tests on a mutant; one that hangs is killed, by the clock."""
    change = change_of(spec)
    started = time.perf_counter()
    result = mutate_and_test([spec], command_of(tests_for(spec.module_path, tests, given)), given.timeout)
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", result.output or "", re.MULTILINE)
    outcome = str(getattr(result.test_outcome, "value", "none"))
    return {
        "module": str(spec.module_path),
        "line": spec.start_pos[0],
        "operator": spec.operator_name.removeprefix("core/"),
        "change": change,
        "outcome": outcome,
        "killed_by": None if outcome == "survived" else failed[0] if failed else "the clock",
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> int:
    """Draw, test, tell; exits 1 where a mutant survives without an explanation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", help="parts of the paths of modules; all by default")
    parser.add_argument("--floor", type=int, choices=sorted(FLOORS), default=1)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", type=Path, help="the mutants of this file in place of a draw")
    parser.add_argument(
        "--survivors", action="store_true", help="with --again: those alone that nothing explains"
    )
    parser.add_argument("--files", type=int, help="run so many test files a mutant; all by default")
    parser.add_argument("--without", help="and none whose name matches this expression")
    parser.add_argument("--known-green", action="store_true", help="the tests are known to pass in a copy")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds a mutant")
    parser.add_argument("--output", type=Path, help="JSON, written anew after each mutant")
    given = parser.parse_args()
    output = given.output.resolve() if given.output else None
    known = json.loads(given.again.read_text(encoding="utf-8")) if given.again else []
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy_of_head(Path(folder))
        os.chdir(folder)
        for floor, (package, tests) in FLOORS.items():
            modules = sorted(path for path in Path(package).rglob("*.py") if not ELSEWHERE.search(str(path)))
            if given.modules:
                modules = [path for path in modules if any(part in str(path) for part in given.modules)]
            old = [row for row in known if Path(row["module"]) in modules]
            if given.survivors:
                old = [row for row in old if row["outcome"] == "survived" and "explanation" not in row]
            wanted = [(again(row), row) for row in old]
            if not given.again and floor == given.floor:
                wanted = [(spec, {}) for spec in drawn(modules, given.sample, given.seed)]
            if wanted:
                rehearsed(Path(package), Path(tests), given)
            for spec, before in wanted:
                if spec is None:
                    print(f"     gone      {before['module']}:{before['line']} {before['operator']}")
                    continue
                row = judged(spec, Path(tests), given)
                kept = {key: before[key] for key in ("at_first", "explanation") if key in before}
                rows.append({"floor": floor, **row, "at_first": row["outcome"], **kept})
                print(f"{len(rows):4} {row['outcome']:9} {row['seconds']:6} s  ", end="")
                print(f"{row['module']}:{row['line']} {row['operator']}", flush=True)
                if row["outcome"] == "survived":
                    print(row["change"], flush=True)
                if output:
                    output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    survived = [row for row in rows if row["outcome"] == "survived"]
    unexplained = sum(not row.get("explanation") for row in survived)
    print(f"{len(rows)} mutants = {len(rows) - len(survived)} killed + {len(survived)} survived", end="")
    print(f", {unexplained} of them unexplained" if survived else "")
    return int(unexplained > 0)


if __name__ == "__main__":
    sys.exit(main())
