"""What arithmetic on each device does to the theorem: every observable and every claim, within its bounds."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import numpy as np

from ganirl import __version__
from ganirl_gpu.claims import TORCH_CHECKS
from ganirl_gpu.framework import framework
from ganirl_gpu.sweep import COMPARISONS, Line, sweep, sweep_claims

from . import device_figure
from .study import Figure, Progress, Section, Study, Table


def run(*, seed: int = 0, progress: Progress | None = None) -> Study:
    """Sweep every device that is here, eagerly and, where there is a compiler for it, compiled."""
    dtypes, devices = framework.precisions(), framework.devices()
    modes = (False, True) if shutil.which("g++") else (False,)
    swept = chain.from_iterable(
        chain(
            *(sweep(device, dtypes, compiled=mode, cases=20, seed=seed) for mode in modes),
            sweep_claims(device, dtypes),
        )
        for device in devices
    )
    # Claims are checked on one instance or two; the bar need not know which.
    expected = len(devices) * len(dtypes) * (len(modes) * len(COMPARISONS) + len(TORCH_CHECKS))
    lines: list[Line] = []
    for line in swept:
        lines.append(line)
        if progress is not None:
            progress(min(len(lines), expected), expected, f"{line.device}, {line.dtype}")
    today = datetime.now(UTC).date().isoformat()
    return present(
        lines, {"date": today, "ganirl": __version__, "numpy": np.__version__, **framework.versions()}
    )


def present(lines: Sequence[Line], versions: dict[str, str]) -> Study:
    """Make a study of what was found.

    Raises
    ------
    ValueError
        If nothing was swept.
    """
    if not lines:
        raise ValueError("nothing was swept")
    observables, claims = _parted(lines)
    broken = [f"{line.observable} in {line.dtype} on {line.device}" for line in lines if not line.passed]
    worst = max(lines, key=_share)
    devices = ", ".join(dict.fromkeys(line.device for line in lines))
    summary = f"{len(lines)} comparisons on {devices} ({versions.get('device', 'no accelerator')}). " + (
        f"Beyond what is allowed: {', '.join(broken)}."
        if broken
        else f"All are within what is allowed; the nearest, {worst.observable} in {worst.dtype} on {worst.device}, "
        f"came to {_share(worst):.2g} of it."
    )
    return Study(
        name="device",
        title="The theorem on this device",
        summary=summary,
        command="ganirl report device --output DIR",
        sections=tuple(part for part in (_of_observables(observables), _of_claims(claims)) if part.parts),
        numbers={"lines": [asdict(line) | {"passed": line.passed} for line in lines]},
        passed=not broken,
        versions=versions,
    )


def _share(line: Line) -> float:
    """Return the worst error over what is allowed."""
    return line.ratio / line.allowed


def _parted(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    names = {comparison.name for comparison in COMPARISONS}
    observables = [line for line in lines if line.observable in names]
    return observables, [line for line in lines if line.observable not in names]


def _of_observables(lines: Sequence[Line]) -> Section:
    parts = (
        Figure(
            "observables",
            "Worst error over bound. Sound code stays left of the line at 1; a verdict allows what the table says.",
            device_figure.worst_ratios(lines),
        ),
        Table(
            "Every observable of the built-in target: the worst of all batches.",
            (
                "observable",
                "format",
                "device",
                "mode",
                "batches",
                "error",
                "bound",
                "error / bound",
                "allowed",
            ),
            tuple(
                (
                    line.observable,
                    line.dtype,
                    line.device,
                    "compiled" if line.compiled else "eager",
                    line.cases,
                    f"{line.error:.3g}",
                    f"{line.bound:.3g}",
                    f"{line.ratio:.3g}",
                    f"{line.allowed:g}",
                )
                for line in lines
            ),
        ),
    )
    return Section(
        "Observables",
        (
            "Random batches of trajectories with costs of size $10^{-3}$ to $10^3$, handed to the device, and what "
            "comes back compared with the float64 reference within the bound derived for that batch and that format.",
        ),
        parts if lines else (),
    )


def _of_claims(lines: Sequence[Line]) -> Section:
    formats = tuple(dict.fromkeys((line.device, line.dtype) for line in lines))
    found = {(line.observable, line.device, line.dtype): line for line in lines}
    rows = tuple(
        (
            name,
            *(
                f"{_share(found[name, *of]):.2g}" + ("" if found[name, *of].passed else " FAILS")
                if (name, *of) in found
                else "–"
                for of in formats
            ),
        )
        for name in dict.fromkeys(line.observable for line in lines)
    )
    table = Table(
        "Each claim on named instances, by autodiff against the closed form: error over tolerance; – where a format "
        "cannot show it.",
        ("claim, instance", *(f"{dtype} on {device}" for device, dtype in formats)),
        rows,
    )
    return Section("Claims", (), (table,) if lines else ())


def lines_of(record: dict[str, Any]) -> list[Line]:
    """Return the lines of a ``sweep.json``, as ``python -m ganirl_gpu.sweep`` writes it."""

    def line(data: dict[str, Any]) -> Line:
        # Numbers that are not finite are strings in JSON.
        fields: dict[str, Any] = {
            name: float(value) if name in _NUMBERS else value for name, value in data.items()
        }
        return Line(**fields)

    return [
        line({name: value for name, value in data.items() if name != "passed"}) for data in record["lines"]
    ]


_NUMBERS = ("error", "bound", "ratio", "allowed")
