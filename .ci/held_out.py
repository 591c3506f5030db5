"""Errors that nobody listed: small machine-made changes of the right implementations, each handed to the verifier.

    python .ci/held_out.py --sample 200 --seed 0 --output held-out.json

A mutant is an implementation that is right but for one change of an operator, a number or a comparison inside one of
its functions. It is caught if any claim fails, or an observable raises. What survives is equivalent, or was missed.
Needs cosmic-ray (the extra `mutation`).
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cosmic_ray.mutating import apply_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_item import MutationSpec
from mutants import ROOTS, change_of, copy_of_head, specs_of

FOLDER = Path("property_tests/ganirl_properties/right_variants")
# What others are made of, with the framework whose variants stand on it.
LIBRARIES = {
    "numpy_library": "numpy",
    "torch_library": "torch",
    "tabular_library": "process",
    "plain_python": "external",
}
OTHERS = (
    *("numpy_conventions", "numpy_forms", "numpy_generators", "numpy_parameters"),
    *("tabular", "torch_densities", "torch_generators", "torch_losses"),
)

JUDGE = """
import json, sys
from ganirl_properties.power.alarms import false_alarms
from ganirl_properties.right_variants import right_variants

name, stands_on, cases = sys.argv[1], sys.argv[2], int(sys.argv[3])

def concerned(variant):
    if stands_on:
        process = variant.conventions.unit == "process"
        if stands_on in ("process", "external"):
            return process if stands_on == "process" else variant.author.__module__.endswith(".external")
        return variant.framework == stands_on and not process
    return any(each.__module__.endswith("." + name) for each in variant.author.__mro__)

chosen = [variant for variant in right_variants() if concerned(variant)]
found = false_alarms(
    cases=cases * sum(len(variant.formats) for variant in chosen),
    seeds=[0], only=[variant.id for variant in chosen], grids=False,
)
print(json.dumps(sorted({alarm.claim for _, alarm in found.alarms})))
"""


def inside_functions(module: Path) -> set[int]:
    """Lines of the bodies of functions: what stands elsewhere is declared, not computed."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            body = node.body if isinstance(node.body, list) else [node.body]
            lines |= {line for each in body for line in range(each.lineno, (each.end_lineno or 0) + 1)}
    return lines


def judged(spec: MutationSpec, cases: int, timeout: float) -> dict[str, Any]:
    """Hand a mutant to the verifier, and put the code back."""
    module = spec.module_path
    whole, change = module.read_text(encoding="utf-8"), change_of(spec)
    stands_on = LIBRARIES.get(module.stem, "")
    started = time.perf_counter()
    apply_mutation(module, get_operator(spec.operator_name)(), spec.occurrence)
    try:
        run = subprocess.run(
            [sys.executable, "-c", JUDGE, module.stem, stands_on, str(cases)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(os.path.abspath(root) for root in ROOTS)},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        claims = json.loads(run.stdout) if run.returncode == 0 else None
        outcome = "raises" if claims is None else "caught" if claims else "survived"
    except subprocess.TimeoutExpired:
        claims, outcome = None, "hangs"
    finally:
        module.write_text(whole, encoding="utf-8")
    return {
        "module": module.stem,
        "line": spec.start_pos[0],
        "operator": spec.operator_name.removeprefix("core/"),
        "change": change,
        "outcome": outcome,
        "claims": claims or [],
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> int:
    """Draw, judge, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=12, help="for each variant and format")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds a mutant")
    parser.add_argument("--output", type=Path, help="JSON, written anew after each mutant")
    given = parser.parse_args()
    output = given.output.resolve() if given.output else None
    with tempfile.TemporaryDirectory() as folder:
        copy_of_head(Path(folder))
        os.chdir(folder)
        modules = [FOLDER / f"{name}.py" for name in (*LIBRARIES, *OTHERS)]
        specs = [
            spec
            for module in modules
            for lines in [inside_functions(module)]
            for spec in specs_of(module)
            if spec.start_pos[0] in lines
        ]
        chosen = random.Random(given.seed).sample(specs, min(given.sample, len(specs)))
        print(f"{len(chosen)} of {len(specs)} mutants", flush=True)
        rows: list[dict[str, Any]] = []
        for spec in chosen:
            row = judged(spec, given.cases, given.timeout)
            rows.append(row)
            print(
                f"{len(rows):4} {row['outcome']:9} {row['seconds']:6} s  {row['module']}:{row['line']}",
                flush=True,
            )
            if row["outcome"] == "survived":
                print(row["change"], flush=True)
            if output:
                output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    counts = {
        name: sum(row["outcome"] == name for row in rows)
        for name in ("caught", "raises", "hangs", "survived")
    }
    print(f"{len(rows)} mutants = " + " + ".join(f"{count} {name}" for name, count in counts.items()))
    return int(counts["survived"] > 0)


if __name__ == "__main__":
    sys.exit(main())
