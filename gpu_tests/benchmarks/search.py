"""How fast the search goes, alone and in lanes; what it finds so; and what a counterexample takes to shrink.

    python gpu_tests/benchmarks/search.py --output search.json

Absolute numbers are this machine's; the ratios are of runs that took turns in one process. CPU seconds, medians.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ganirl import PRECISIONS, Case, Implementation
from ganirl.framework import NUMPY, load_framework
from ganirl_properties import verify
from ganirl_properties.cases import Setting
from ganirl_properties.checks import CHECKS, Check
from ganirl_properties.lanes import SETTINGS_OF_LANES, screen
from ganirl_properties.power.planted import FormulaTarget
from ganirl_properties.search import Search, judged
from ganirl_properties.shrink import smallest
from ganirl_properties.targets import load_target
from ganirl_properties.targets.numpy_objectives import NumpyTarget
from ganirl_properties.wrong_formulas import WRONG_FORMULAS

TARGETS = ("numpy", "torch")
AT_ONCE = (64, 256, 1024, 4096)
ALONE = 48  # problems that are asked about one at a time, a run
SHAPES = 16  # of lanes, a run: how many rows, steps, states, actions and features they have
# In the order in which a reader meets them; the first that fails is shrunk.
SHRUNK_BY = ("A4", "B1", "C1", "B2", "C3", "E1", "E3", "D4", "B4", "S1", "I1")


@dataclass(frozen=True)
class Run:
    """A search of its own, of one target in float64.

    Attributes
    ----------
    name : of the target
    claims : the claims that are judged; all where it is empty
    at_once : lanes in a call; zero for one problem at a time
    """

    name: str
    claims: tuple[str, ...]
    at_once: int

    def seconds(self, seed: int) -> tuple[int, float]:
        """Return problems that were drawn and judged in each setting, and the CPU seconds of it."""
        target = load_target(self.name)
        framework = load_framework(target.framework)
        search = Search(
            target, framework, PRECISIONS["float64"], "cpu", ALONE, seed, lanes=SHAPES * self.at_once
        )
        with framework.arithmetic():
            started = time.process_time()
            problems = sum(self._judge(search, setting) for setting in self._settings())
            return problems, time.process_time() - started

    def _settings(self) -> Iterator[Setting]:
        return (
            setting
            for setting in SETTINGS_OF_LANES
            if any(check.setting == setting for check in self._checks())
        )

    def _checks(self) -> Iterator[Check]:
        return (check for check in CHECKS if not self.claims or check.claim in self.claims)

    def _judge(self, search: Search, setting: Setting) -> int:
        checks = [check for check in self._checks() if check.setting == setting and _shown(search, check)]
        if not self.at_once:
            views = [view for _, view in search.views(setting)]
            for check, view in itertools.product(checks, views):
                _demand(all(each is None or not each.failed for each in judged(check, view)), check)
            return len(views)
        for check, screened in zip(
            checks, screen(search.lane_views(setting, self.at_once), checks), strict=True
        ):
            _demand(not screened.failing and screened.raised is None, check)
        return search.lanes


def _shown(search: Search, check: Check) -> bool:
    return all(search.implementation_has(name) for name in check.observables)


def _demand(right: bool, check: Check) -> None:
    """A benchmark of a search that goes wrong would measure nothing."""
    if not right:
        raise SystemExit(f"{check.claim} ({check.name}) failed of right code: nothing was measured")


def rates(runs: Sequence[Run], times: int) -> dict[Run, float]:
    """Return problems a second of each, the median over runs that take turns; the first round is thrown away."""
    found: dict[Run, list[float]] = {run: [] for run in runs}
    for seed in range(times + 1):
        for run in runs:
            problems, seconds = run.seconds(seed)
            if seed:
                found[run].append(problems / seconds)
    return {run: statistics.median(each) for run, each in found.items()}


class OnOneInAThousand(NumpyTarget):
    """A loss that is a hundredth too large on about one problem in a thousand, as the digits of θ and b have it."""

    def discriminator_loss(self, case: Case) -> Any:
        """L_D, or 1.01 of it."""
        digits = np.sin(12345.678 * (np.cos(7.7 * case.theta).sum(axis=-1) + 1.3 * case.b))
        return np.where(np.abs(digits) % 0.01 < 1e-5, 1.01, 1.0) * super().discriminator_loss(case)


def found_rare(seeds: int) -> dict[str, Any]:
    """Return under how many seeds B1 is violated by it in the default profile, alone and in lanes."""
    found = {}
    for way, lanes in (("alone", False), ("lanes", True)):
        target = OnOneInAThousand()
        target.lanes = lanes
        rows = [
            verify(target, claims=["B1"], dtypes=["float64"], seed=seed).verdicts[0] for seed in range(seeds)
        ]
        found[way] = sum(row.verdict == "violated" for row in rows)
    return {"seeds": seeds, **found}


def shrinking(formulas: Sequence[Any], announce: Callable[[str], None]) -> list[dict[str, Any]]:
    """Return, formula by formula, the CPU seconds that its counterexample took to shrink, and its rows."""
    found = []
    for formula in formulas:
        target: Implementation = FormulaTarget(formula)
        search = Search(target, NUMPY, PRECISIONS["float64"], "cpu", 6, 0)
        for claim in SHRUNK_BY:
            drawn = [failure for failure in search.examine(claim).failures if failure.data is not None]
            if not drawn:
                continue
            started = time.process_time()
            shown = smallest(search, max(drawn, key=lambda failure: failure.judgement.ratio))
            seconds = time.process_time() - started
            rows = max(len(shown.case.expert), len(shown.case.generator))
            found.append({"formula": formula.id, "claim": claim, "seconds": round(seconds, 4), "rows": rows})
            break
        announce(f"shrunk {len(found)}")
    return found


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and write what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, help="a JSON file for the numbers")
    parser.add_argument("--times", type=int, default=5, help="runs of each, of which the median is taken")
    options = parser.parse_args(arguments)

    def announce(words: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{words:60}", end="", file=sys.stderr, flush=True)

    rows: list[dict[str, Any]] = []
    claims = sorted({check.claim for check in CHECKS if check.setting in SETTINGS_OF_LANES})
    for name in TARGETS:
        announce(f"{name}, all claims")
        alone = Run(name, (), 0)
        together = [Run(name, (), at_once) for at_once in AT_ONCE]
        found = rates([alone, *together], options.times)
        rows += [
            {
                "target": name,
                "claims": "all",
                "at_once": run.at_once or 1,
                "problems_a_second": round(found[run], 1),
            }
            | {"ratio": round(found[run] / found[alone], 1)}
            for run in (alone, *together)
        ]
        for claim in claims:
            announce(f"{name}, {claim}")
            one, many = Run(name, (claim,), 0), Run(name, (claim,), AT_ONCE[1])
            found = rates([one, many], options.times)
            rows.append(
                {
                    "target": name,
                    "claims": claim,
                    "at_once": AT_ONCE[1],
                    "problems_a_second": round(found[many], 1),
                }
                | {"ratio": round(found[many] / found[one], 1)}
            )
    shrunk = shrinking(WRONG_FORMULAS, announce)
    announce("what is rare")
    rare = found_rare(20)
    announce("")
    for row in rows:
        print(
            f"{row['target']:6} {row['claims']:4} {row['at_once']:5} at once "
            f"{row['problems_a_second']:10,.0f} problems/s {row['ratio']:7.1f} ×"
        )
    seconds = sorted(each["seconds"] for each in shrunk)
    print(
        f"{len(shrunk)} counterexamples shrunk: median {statistics.median(seconds):.3f} s, nine of ten within "
        f"{seconds[int(0.9 * len(seconds))]:.3f} s, all within {seconds[-1]:.3f} s"
    )
    print(f"wrong on one problem in a thousand: {rare}")
    if options.output is not None:
        record = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, {platform.system()}",
            "versions": {"python": platform.python_version()}
            | {name: version(name) for name in ("numpy", "torch")},
            "rates": rows,
            "rare": rare,
            "shrinking": shrunk,
        }
        options.output.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
