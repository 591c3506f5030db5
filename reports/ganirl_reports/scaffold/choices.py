"""What has to be known of a library before an adapter for it can be begun."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ganirl import OBSERVABLES
from ganirl.framework import NUMPY

STYLES = {
    "functions": "functions that take arrays",
    "module": "a class that owns its network and optimiser",
    "trainer": "such a class that owns the policy, too, and computes log π",
}
UNITS = {
    "transition": "one step (s, a, s')",
    "trajectory": "a whole trajectory",
    "process": "none: it is tabular code that solves an MDP",
}
LOG_Q = {
    "input": "handed to the discriminator",
    "computed": "it evaluates its policy",
    "absent": "nowhere, as in GAIL",
}

# Frameworks that differentiate a loss by themselves.
AUTODIFF = ("torch", "jax")

# What a person calls it → the observables that show it.
_WORDS = {
    "logit": "discriminator_logit",
    "probability": "discriminator_probability",
    "loss": "discriminator_loss",
    "gradient": "discriminator_gradient",
    "reward": "generator_reward",
    "generator-loss": "generator_loss",
    "policy-loss": "policy_loss",
    "policy-gradient": "generator_gradient",
    "irl": "irl_loss",
    "irl-gradient": "irl_gradient",
    "log-q": "log_q",
    "partition": "log_partition",
    "soft-values": "soft_values",
    "policy": "policy",
    "occupancy": "occupancy",
    "demonstration-gradient": "demonstration_gradient",
    "demonstration-loss": "demonstration_loss",
}
_OF_PROCESS = (
    "partition",
    "soft-values",
    "policy",
    "occupancy",
    "demonstration-gradient",
    "demonstration-loss",
)


@dataclass(frozen=True)
class Choices:
    """The answers, asked or told.

    Attributes
    ----------
    name : how reports call the library
    framework : whose arrays it computes with
    style : how it is used
    unit : what a row is
    log_q : where the generator's density comes from
    observables : what the stub is to hold, in the order of `ganirl.OBSERVABLES`
    """

    name: str
    framework: str
    style: str
    unit: str
    log_q: str
    observables: tuple[str, ...]


def words(unit: str) -> dict[str, str]:
    """Return what code of a unit may have, word → observable, of those that this version can verify."""
    of_unit = {word: name for word, name in _WORDS.items() if (word in _OF_PROCESS) == (unit == "process")}
    if unit != "process":
        of_unit["partition"] = "log_partition"
    return {word: name for word, name in of_unit.items() if name in OBSERVABLES}


def usual_words(unit: str) -> tuple[str, ...]:
    """Return what most code of a unit has."""
    return tuple(words(unit)) if unit == "process" else ("logit", "loss", "reward")


def observables(named: tuple[str, ...], *, unit: str, style: str, framework: str) -> tuple[str, ...]:
    """Return the observables that are named, with the gradients that autodiff cannot give.

    Of a policy's loss the gradient alone is judged: where autodiff does not get from the loss to the case's logits, it
    is asked for in place of the loss.

    Raises
    ------
    LookupError
        If one is unknown; the sentence says which there are.
    """
    known = words(unit)
    for word in named:
        if word not in known and word not in known.values():
            raise LookupError(f"there is no {word!r} in code of unit {unit}; there are {', '.join(known)}")
    chosen = {known.get(word, word) for word in named}
    # A library that steps its own optimiser, and NumPy, hand no graph back.
    if style != "functions" or framework not in AUTODIFF:
        gradients = {"discriminator_loss": "discriminator_gradient", "irl_loss": "irl_gradient"}
        chosen |= {gradient for loss, gradient in gradients.items() if loss in chosen}
    # A class that owns its policy has the case's logits copied in.
    if "policy_loss" in chosen and (style == "trainer" or framework not in AUTODIFF):
        chosen = chosen - {"policy_loss"} | {"generator_gradient"}
    return tuple(name for name in OBSERVABLES if name in chosen)


def frameworks() -> tuple[str, ...]:
    """Return the frameworks that an adapter in Python may be written in."""
    found = {point.name for point in entry_points(group="ganirl.frameworks")} - {"external"}
    return tuple(sorted({NUMPY.name, *found}))


def usual_framework(folder: Path) -> str:
    """Guess a framework: the first that the project's files ask for; else PyTorch if it is here; else NumPy."""
    asked = "\n".join(text_of(folder / name) for name in ("pyproject.toml", "requirements.txt", "setup.py"))
    for name in frameworks():
        if name != NUMPY.name and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", asked):
            return name
    return "torch" if "torch" in frameworks() and find_spec("torch") else NUMPY.name


def text_of(path: Path) -> str:
    """Return what a file of the project says, as far as it can be read; nothing where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def usual_name(folder: Path) -> str:
    """Return the project's name: what pyproject.toml says, else the folder's."""
    try:
        document: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = {}
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and name else folder.resolve().name or "my library"


def usual_unit(style: str) -> str:
    """Return what a row most often is."""
    return "trajectory" if style == "functions" else "transition"


def usual_log_q(style: str) -> str:
    """Return where log q most often comes from."""
    return "computed" if style == "trainer" else "input"
