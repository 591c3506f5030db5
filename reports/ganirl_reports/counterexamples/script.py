"""A counterexample as a Python script of under thirty lines: the case in literals, the claim in NumPy.

It needs the implementation, what that needs, and NumPy. Of ganirl it takes what any adapter is handed a case in (plain
containers, and the conversion to the target's own arrays); the expected number is computed in the script, line by line.
Only how far sound code may be off is a number that was derived elsewhere.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

from ganirl import Case, Process, Rows, available_observables
from ganirl.claims import claim as claim_of
from ganirl.framework import NUMPY
from ganirl_properties import UsageError
from ganirl_properties.case_data import case_from_data
from ganirl_properties.checks import kind_of

from .formula import Formula, Subject, Term, inlined, needed
from .formulas import formula
from .pieces import terms
from .process_formulas import process_formula, process_terms
from .sampled_comparison import sampled_comparison
from .sampled_formulas import sampled_formula, with_its_value
from .saved import Saved

MOST_LINES = 29
# By these words in it a script is known as ours.
SCRIPT_MARK = "how far sound code may be off, derived for this case by ganirl"


class NoScriptError(UsageError):
    """There is no script for this counterexample; the sentence says why."""


def known_target(saved: Saved, target: str | None = None) -> Saved:
    """Return a counterexample of which the target's framework and observables are known.

    They are in its file, but for older ones, or for another target: that one is loaded.

    Raises
    ------
    TargetError
        If it cannot be.
    """
    from ganirl_properties.targets import load_target  # noqa: PLC0415 - a report is written without any target

    if target is None and saved.framework:
        return saved
    spec = target or saved.target
    loaded = load_target(spec)
    return replace(
        saved,
        target=spec,
        isolated=False,  # as it was loaded, its library is here
        requirements=(),
        framework=loaded.framework,
        observables=available_observables(loaded),
        conventions=loaded.conventions.declared(),
    )


def script(saved: Saved, folder: Path | None = None) -> str:
    """Return the script; it is run from the target's folder, or from anywhere if it is to lie in the one given.

    Raises
    ------
    NoScriptError
        If what failed has no formula here, or nobody knows where the target is.
    UsageError
        If the file holds no case.
    """
    found, case = saved.found, case_from_data(saved.found.case)
    subject = Subject(
        framework=saved.framework,
        observables=saved.observables,
        conventions=saved.conventions,
        case=case,
        device=saved.device,
        check=kind_of(found.claim, found.check),
        observable=found.observable,
        component=found.component,
    )
    of_process = case.process is not None
    if found.draws is not None:
        chosen = sampled_formula(found.claim, replace(subject, check=found.check), found.draws)
    else:
        chosen = process_formula(found.claim, subject) if of_process else formula(found.claim, subject)
    if chosen is None:
        raise NoScriptError(
            f"there is no script for check {found.check!r} of {found.claim}; replay it instead"
        )
    exact = chosen.case or case
    of_exact = replace(subject, case=exact)
    known = process_terms(of_exact) if of_process else terms(found.claim, of_exact)
    place = _target(saved.target, folder)
    for each, short in ((chosen, False), (chosen, True), (with_its_value(chosen, found.expected), True)):
        computed = _computed(each, known, saved, short=short)
        lines = _laid_out(
            [f'"""{_claim(saved, each)}{_way_to_run(saved)}"""'],
            [*_imports(saved.framework, exact, [*computed, *place]), *place],
            _data(exact, each),
            [*computed, *_comparison(saved, each)],
        )
        if len(lines) <= MOST_LINES:
            return "\n".join(lines) + "\n"
    raise NoScriptError(
        f"a script for check {found.check!r} of {found.claim} would be long; replay it instead"
    )


def _laid_out(*parts: list[str]) -> list[str]:
    """The lines of all parts, an empty line between two of them where there is room."""
    lines = list(parts[0])
    for left, part in enumerate(parts[1:], 1):
        room = MOST_LINES - len(lines) - sum(map(len, parts[left:]))
        lines = [*lines, *([""] if room > 0 else []), *part]
    return lines


def _claim(saved: Saved, chosen: Formula) -> str:
    title = claim_of(saved.found.claim).title.lower()
    claim = f"{saved.found.claim}, {title}, in {saved.dtype}: {chosen.says}"
    return f"{claim}. Exits 1 while {_plain(saved.target)} contradicts it."


def _way_to_run(saved: Saved) -> str:
    """How it is run, where the library is in an environment of its own and not here; nothing elsewhere."""
    if not saved.isolated:
        return ""
    beside = [word for each in saved.requirements for word in ("--with", each)]
    words = shlex.join(["python", "-m", "ganirl_reports.isolation", *beside, saved.target])
    return f" Run: {_plain(words)} THIS_FILE"


def _plain(text: str) -> str:
    """Text that may stand in a docstring or a comment."""
    return re.sub(r"[\\\n\r]+|\"{2,}", " ", text)


def _imports(framework: str, exact: Case, lines: list[str]) -> list[str]:
    text = "\n".join(lines)
    names = ["Case", *(["Process"] if exact.process is not None else []), "Rows", "Steps"]
    return [
        "import pathlib, sys" if "pathlib." in text else "import sys",
        *(["import torch"] if "torch." in text else []),
        "import numpy as np",
        f"from ganirl import {', '.join(names)}  # containers, in which an adapter is handed a case",
        _arrays(framework),
    ]


def _arrays(framework: str) -> str:
    """The line that imports what turns a case into a framework's arrays, and these into numbers."""
    if framework == NUMPY.name:
        return "from ganirl.framework import NUMPY as arrays"
    points = tuple(entry_points(group="ganirl.frameworks", name=framework))
    if not points:
        raise NoScriptError(f"the framework {framework!r} is not known here, so that no script can be made")
    return f"from {points[0].module} import {points[0].attr} as arrays"


# --- the target -------------------------------------------------------------------------------------------------


def _target(spec: str, folder: Path | None) -> list[str]:
    """Lines that import the target, as `load_target` finds it, of a script in a folder."""
    if spec.startswith("exec:"):
        return ["from ganirl_properties.targets import load_target", f"target = load_target({spec!r})"]
    if ":" not in spec:
        name = spec.partition("@")[0]  # a version is chosen where the script is run
        points = [point for point in entry_points(group="ganirl.targets") if point.name == name]
        if not points:
            raise NoScriptError(
                f"nobody knows where the target {spec!r} is; say it: --target path/to/adapter.py:target"
            )
        return [_import(points[0].module, points[0].attr)]
    place, _, attribute = spec.rpartition(":")
    if place.endswith(".py"):
        path = Path(place).expanduser()
        return [_found(path, path.parent, folder), _import(path.stem, attribute)]
    module = Path(*place.split("."))
    for file in (module.with_name(f"{module.name}.py"), module / "__init__.py"):
        if file.is_file():
            return [_found(file, Path(), folder), _import(place, attribute)]
    return ["sys.path.insert(0, '.')", _import(place, attribute)]


def _found(file: Path, within: Path, folder: Path | None) -> str:
    """The line that lets Python import from where a file is.

    A report mostly lies below its project: the two may then be moved together, and no folder of this machine is named.
    """
    here = Path.cwd()
    if file.is_absolute() or folder is None or not file.is_file():
        return f"sys.path.insert(0, {within.as_posix()!r})"
    parents = (folder / "script.py").resolve().parents
    if here not in parents:
        return f"sys.path.insert(0, {(here / within).as_posix()!r})"
    below = "" if within == Path() else f" / {within.as_posix()!r}"
    return f"sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[{parents.index(here)}]{below}))"


def _import(module: str, attribute: str) -> str:
    attribute = attribute or "target"
    simple = all(part.isidentifier() for part in module.split("."))
    if simple and "." not in attribute:
        return f"from {module} import {attribute}" + ("" if attribute == "target" else " as target")
    return f"target = __import__({module!r}, fromlist=['*']).{attribute}"


# --- the case ---------------------------------------------------------------------------------------------------


def _data(exact: Case, chosen: Formula) -> list[str]:
    sums = _sums([exact, *chosen.others.values()])
    with_sums = sums == "np.array(sums)"
    told = "φ of each step (n, T, d); state, action, next state, done, mask"
    lines = [
        f"def rows(phi, {'sums, ' if with_sums else ''}log_q, weight, *steps):  # {told}",
        f"    return Rows({sums}, np.array(log_q), np.array(weight), Steps(*map(np.array, (*steps, phi))))",
    ]
    theta, b, logits = (_array(part) for part in (exact.theta, exact.b, exact.policy_logits))
    kind = f'"{exact.precision_name}", "{exact.unit}"'
    if exact.process is not None:
        lines.append(f"m = {_process(exact.process)}")
        lines.append(
            f"exact = Case({theta}, {b}, {logits}, *[{_rows(exact.expert, with_sums)}] * 2, {kind}, m)"
        )
    else:
        lines += [
            f"p = {_rows(exact.expert, with_sums)}  # the expert's",
            f"q = {_rows(exact.generator, with_sums)}  # the generator's",
        ]
        lines.append(f"exact = Case({theta}, {b}, {logits}, p, q, {kind})")
    return [*lines, *_others(exact, chosen.others, with_sums)]


def _others(exact: Case, others: Mapping[str, Case], with_sums: bool) -> list[str]:
    """Lines that make the other cases; two that differ in one field alone are one line."""
    fields = [_differences(exact, other, with_sums) for other in others.values()]
    names = {name for each in fields for name in each}
    if len(others) == 2 and len(names) == 1 and all(fields):
        (name,) = names
        values = ", ".join(each[name] for each in fields)
        return [f"{', '.join(others)} = (Case(**vars(exact) | {{'{name}': each}}) for each in ({values}))"]
    return [
        f"{name} = Case(**vars(exact) | dict({', '.join(f'{key}={value}' for key, value in each.items())}))"
        for name, each in zip(others, fields, strict=True)
    ]


def _differences(exact: Case, other: Case, with_sums: bool) -> dict[str, str]:
    found = {
        name: _array(getattr(other, name))
        for name in ("theta", "b", "policy_logits")
        if not np.array_equal(getattr(exact, name), getattr(other, name))
    }
    sides = {
        side: tuple(_rows(getattr(each, side), with_sums) for each in (exact, other))
        for side in ("expert", "generator")
    }
    return found | {side: there for side, (here, there) in sides.items() if here != there}


def _sums(cases: list[Case]) -> str:
    """Expression for φ of rows: the very sum of their steps', that rounded to the format, or numbers of their own."""
    exactly = rounded = True
    for side in (side for case in cases for side in (case.expert, case.generator)):
        sums = side.steps.features.sum(axis=1)
        exactly &= np.array_equal(sums, side.features)
        rounded &= np.array_equal(sums.astype(np.float32), side.features)
    if exactly:
        return "np.array(phi).sum(1)"
    if rounded and cases[0].precision_name == "float32":
        return "np.array(phi).sum(1).astype(np.float32).astype(float)"
    return "np.array(sums)"


def _rows(rows: Rows, with_sums: bool) -> str:
    steps = rows.steps
    sums = (rows.features,) if with_sums else ()
    indices = (steps.state, steps.action, steps.next_state, steps.done, steps.mask)
    return f"rows({', '.join(map(_literal, (steps.features, *sums, rows.log_q, rows.weight, *indices)))})"


def _process(process: Process) -> str:
    parts = f"{_array(process.start)}, {_array(process.transition)}, {process.horizon}, {process.discount!r}"
    return f"Process({parts}, {_array(process.features)})"


def _array(values: Any) -> str:
    return f"np.array({_literal(values)})"


def _literal(values: Any) -> str:
    """Python's own way to write it: floats in the fewest digits that give them back."""
    return re.sub(r"\b(nan|inf)\b", r"np.\1", repr(np.asarray(values).tolist()))


# --- the comparison ---------------------------------------------------------------------------------------------


def _computed(chosen: Formula, known: tuple[Term, ...], saved: Saved, *, short: bool) -> list[str]:
    """Lines from the case to the two numbers; ``short`` does without names that are used once."""
    lines = list[str]()
    convert = f'case = arrays.case(exact, "{saved.device}")  # the same numbers in its own arrays'
    for name, expression in chosen.functions.items():
        body = _body([f"return {expression}"], known, convert, short=short)
        lines += [f"def {name}(exact):", *(f"    {line}" for line in body)]
    numbers = [*chosen.before, f"found = {chosen.found}", f"should = {chosen.should}"]
    if chosen.draw:
        lines += [
            "def draw(case):  # which has the same numbers in its own arrays",
            f"    return {chosen.draw}",
        ]
        numbers = [*chosen.before, f"found, should = {chosen.found}, {chosen.should}"]
    # The sides are p and q already, where the case is the only one.
    here = tuple(term for term in known if term.names != ("p", "q"))
    body = _body(numbers, here, convert, short=short)
    if _guarded(saved):
        body = ["with arrays.arithmetic():  # in full precision", *(f"    {line}" for line in body)]
    return [*lines, *body]


def _body(texts: list[str], known: tuple[Term, ...], convert: str, *, short: bool) -> list[str]:
    lines = [*needed(known, texts), *texts]
    asks = any("(case" in line or "case." in line for line in lines)
    return [*([convert] if asks else []), *(inlined(lines) if short else lines)]


def _guarded(saved: Saved) -> bool:
    """Whether a framework computes as cases are to be computed only where it is told to."""
    return saved.framework not in ("numpy", "torch", "external") or saved.device != "cpu"


def _comparison(saved: Saved, chosen: Formula) -> list[str]:
    found = saved.found
    derived = f"{SCRIPT_MARK} {saved.ganirl}"
    if found.draws is not None:
        return sampled_comparison(found, found.draws, derived)
    at = "" if not found.component else f"[{', '.join(map(str, found.component))}]"
    index = at if at and not chosen.indexed else ".item()"
    what = _plain(found.observable).replace("{", "{{").replace("}", "}}").replace('"', "'")
    numbers = "should be {should}, is {found}, off by {abs(found - should)}; allowed {allowed}"
    return [
        f"found, should = (np.asarray(each){index} for each in (found, should))",
        f"allowed = {_literal(found.allowed)}  # {derived}",
        f'print(f"{what}{at}: {numbers}")',
        "sys.exit(int(not abs(found - should) <= allowed))",
    ]
