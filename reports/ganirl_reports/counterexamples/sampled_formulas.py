"""The claims about expectations as NumPy: the mean of draws with stated seeds, beside what it should be.

What a claim says of one number it says of an expectation, so that most formulas are those of a single call, asked anew
for every seed. ``draw`` is one call; ``drawn`` are all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ganirl_properties.report import Draws
from ganirl_properties.sampled.rows import distinct

from .formula import Formula, Subject
from .formulas import formula
from .pieces import ITS_REWARD, own_log_q
from .process_formulas import process_formula

SEEDS = 2**31


def sampled_formula(claim: str, subject: Subject, draws: Draws) -> Formula | None:
    """Return the formula of an expectation; None for one that has none."""
    if subject.observable.startswith("e^log_partition"):
        return _partition(claim, subject, draws)
    rows = _row(claim, subject)
    if rows is not None:
        return _drawn(*rows, subject, draws)
    known = replace(subject, observable=_LOSSES.get((claim, subject.check), subject.observable))
    of_process = subject.case.process is not None
    base = process_formula(claim, known) if of_process else formula(claim, known)
    if base is None or base.functions or base.others or base.case is not None:
        return None
    index = f"[{', '.join(map(str, subject.component))}]" if subject.component else ""
    at = "" if base.indexed else index
    found, should = (_component(text, at, alone=not index) for text in (base.found, base.should))
    return _drawn(base.says, found, should, subject, draws, base.before)


# What a formula knows the observable of a check by.
_LOSSES: Mapping[tuple[str, str], str] = MappingProxyType({("E1", "loss"): "generator_loss"})


def _component(text: str, index: str, *, alone: bool) -> str:
    if index:
        return f"({text}){index}"
    return f"np.asarray({text}).item()" if alone and ".item()" not in text else text


def with_its_value(chosen: Formula, expected: float) -> Formula:
    """Return the formula of an expectation with its value in place of what computes it, where a script has no room."""
    if not chosen.draw or not chosen.before[0].startswith("drawn = "):
        return chosen
    value = f"{expected!r}  # enumerated by ganirl: the formula is longer than a short script"
    return replace(chosen, should=value, before=chosen.before[:1])


def _drawn(
    says: str, found: str, should: str, subject: Subject, draws: Draws, before: tuple[str, ...] = ()
) -> Formula:
    return Formula(
        f"the expectation of {says}",
        "drawn.mean()",
        should,
        (f"drawn = {_all(subject, draws)}", *before),
        indexed=True,
        draw=found,
    )


def _all(subject: Subject, draws: Draws) -> str:
    """Expression for all draws, (n,)."""
    last = draws.first_seed + draws.count
    seed = "seed" if last <= SEEDS else f"seed % {SEEDS}"
    case = f'arrays.case(Case(**vars(exact) | {{"seed": {seed}}}), "{subject.device}")'
    return f"np.array([draw({case}) for seed in range({draws.first_seed}, {last})])"


def _partition(claim: str, subject: Subject, draws: Draws) -> Formula | None:
    """Of an estimate of Z, whose logarithm is what is called."""
    of_process = subject.case.process is not None
    base = process_formula(claim, subject) if of_process else formula(claim, subject)
    if base is None:
        return None
    return Formula(
        "the expectation of e^log_partition / Z is 1",
        "drawn.mean()",
        "1.0",
        (f"log_z = {base.should}", f"drawn = np.exp({_all(subject, draws)} - log_z)"),
        indexed=True,
        draw=base.found,
    )


def _row(claim: str, subject: Subject) -> tuple[str, str, str] | None:
    """What is said of a row, what is found and what should be there: means over the rows that are alike."""
    if claim not in ("A4", "E1") or not subject.component:
        return None
    alike = distinct(subject.case.generator)
    (which,) = np.flatnonzero(alike[:, subject.component[0]])
    rows = np.flatnonzero(alike[which]).tolist()

    def its(name: str) -> str:
        return f"arrays.numpy(target.{name}(case, case.generator)).ravel()[{rows}]"

    def right(name: str) -> str:
        return f"{name}[len(p):][{rows}].mean()"

    flipped = subject.conventions["expert_label"] == 0
    if claim == "E1":
        return "the reward is −c − b − log q", f"{ITS_REWARD}[{rows}].mean()", right("ell")
    if subject.check == "log q":
        constant = float(subject.conventions["log_q_constant"])
        own = own_log_q(subject) + (f" + {constant!r}" if constant else "")
        return "e^log_q is π", f"np.exp({its('log_q')}).mean()", right(f"np.exp({own})")
    if subject.check == "probability":
        found = f"{its('discriminator_probability')}.mean()"
        return "D is σ(−c − b − log q)", f"1 - {found}" if flipped else found, right("D")
    found = f"{its('discriminator_logit')}.mean()"
    return "ℓ is −c − b − log q", f"-{found}" if flipped else found, right("ell")
