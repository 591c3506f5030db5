"""The texts of the files: an adapter with stubs, a test, a workflow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ganirl.framework import NUMPY

from .choices import Choices, text_of
from .origin import address_of_ganirl

ADAPTER = "ganirl_adapter.py"
TEST = "tests/test_ganirl.py"
WORKFLOW = ".github/workflows/ganirl.yml"
TARGET = f"{ADAPTER}:target"


@dataclass(frozen=True)
class _Stub:
    """One function of the adapter: what it is to return, and lines that show how, for the author to change."""

    name: str
    arguments: str
    meaning: str
    example: tuple[str, ...]


_MEANINGS = {
    "discriminator_logit": "ℓ of each row, (n,): what goes into the sigmoid.",
    "discriminator_probability": "D of each row, (n,).",
    "discriminator_loss": "L_D of the batch, as it is optimised.",
    "discriminator_gradient": "ganirl.Gradient(theta, b): what the loss's backward pass gives.",
    "generator_reward": "What the policy optimiser is fed for each row, (n,).",
    "generator_loss": "L_G of the batch.",
    "generator_gradient": "∂/∂case.policy_logits, (S, A), of −mean(reward · log π) over case.generator.",
    "policy_loss": "−mean(reward · log π) over case.generator: its gradient in case.policy_logits is judged.",
    "irl_loss": "The guided-cost-learning loss of the batch.",
    "irl_gradient": "Its gradient in θ, (d,).",
    "log_partition": "The estimate of log Z.",
    "log_q": "Σ_t log π(a_t|s_t) of each row, (n,), under case.policy_logits.",
    "soft_values": "The soft values V, (T, S).",
    "policy": "The soft-optimal policy π(a|s), (T, S, A).",
    "occupancy": "The visits expected under it.",
    "demonstration_gradient": "∂/∂θ of the demonstrations' negative log-likelihood, (d,).",
    "demonstration_loss": "The demonstrations' negative log-likelihood, as it is optimised.",
}
_OF_ROWS = ("discriminator_logit", "discriminator_probability", "generator_reward", "log_q")

# A row's log π, for autodiff in the case's own logits; a reward is a number to the policy's loss.
_LOG_PI = (
    "steps = case.generator.steps",
    "log_pi = my_library.log_prob(case.policy_logits, steps.state, steps.action) * steps.mask",
    "rewards = {held}",
)
_REWARDS = "generator_reward(case, case.generator)"
_HELD = {"torch": f"{_REWARDS}.detach()", "jax": f"jax.lax.stop_gradient({_REWARDS})"}

# How each is taken from functions, and from an object that `library(case)` returns.
_FROM_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "discriminator_logit": ("return my_library.logit(rows.features @ case.theta, case.b, rows.log_q)",),
    "discriminator_probability": ("return my_library.probability(rows.features @ case.theta, rows.log_q)",),
    "discriminator_loss": (
        "expert, generator = (discriminator_logit(case, rows) for rows in (case.expert, case.generator))",
        "return my_library.discriminator_loss(expert, generator)",
    ),
    "discriminator_gradient": ("return ganirl.Gradient(theta=..., b=...)",),
    "generator_reward": ("return my_library.reward(discriminator_logit(case, rows))",),
    "policy_loss": (
        *_LOG_PI,
        "return my_library.policy_loss(log_pi.sum(1), rewards)  # -(log_pi.sum(1) * rewards).mean()",
    ),
    "generator_gradient": ("return my_library.policy_gradient(case.policy_logits, ...)",),
    "irl_loss": ("return my_library.irl_loss(expert_costs, generator_costs, case.generator.log_q)",),
    "log_q": (
        "steps = rows.steps",
        "log_pi = my_library.log_prob(case.policy_logits, steps.state, steps.action) * steps.mask",
        "return log_pi.sum(1)",
    ),
    "log_partition": ("return my_library.log_partition(costs, log_q, case.b)",),
}
_OF_PROCESS: dict[str, tuple[str, ...]] = {
    "log_partition": (
        "return my_library.log_partition(case.process.transition, -case.process.costs(case.theta))",
    ),
    "soft_values": ("return my_library.soft_value_iteration(case.process.transition, rewards)",),
    "policy": ("return my_library.policy(soft_values)",),
    "occupancy": ("return my_library.state_visitation(case.process.transition, case.process.start, policy)",),
    "demonstration_gradient": ("return my_library.gradient(...)",),
    "demonstration_loss": ("return my_library.loss(...)",),
}
_ROWS = "*transitions(case, rows)"
_BOTH = "transitions(case, case.expert), transitions(case, case.generator)"
_FROM_LIBRARY: dict[str, tuple[str, ...]] = {
    "discriminator_logit": (f"return library(case).logits({_ROWS})",),
    "discriminator_probability": (f"return library(case).discriminator({_ROWS})",),
    "discriminator_loss": (f"return library(case).update({_BOTH})",),
    "discriminator_gradient": (
        "mine = library(case)",
        f"mine.update({_BOTH})",
        "return mine.reward_net.gradient()",
    ),
    "generator_reward": (f"return library(case).reward({_ROWS})",),
    "log_q": (
        "t = transitions(case, rows)",
        "return library(case).policy.log_prob(t.observation, t.action)",
    ),
    "policy_loss": (
        *_LOG_PI,
        "return library(case).policy_loss(log_pi.sum(1), rewards)  # -(log_pi.sum(1) * rewards).mean()",
    ),
    "generator_gradient": (
        "mine, t = library(case), transitions(case, case.generator)",
        "rewards = mine.reward(*t).detach()  # of each row, as they are: no returns, not normalised, not clipped",
        "loss = mine.policy_loss(mine.policy.log_prob(t.observation, t.action), rewards)",
        "loss.backward()  # of -(log_pi * rewards).mean()",
        "return mine.policy.net.gradient()",
    ),
}
# The same, where ganirl has no networks to put in the place of the library's.
_FROM_LIBRARY_ELSEWHERE = _FROM_LIBRARY | {
    "log_q": ("return library(case).policy.log_prob(rows)",),
    "generator_gradient": ("return library(case).policy_gradient(case.generator)",),
}


def adapter(choices: Choices) -> str:
    """Return the adapter, each observable a stub."""
    owns = choices.style != "functions"
    stubs = [_stub(name, choices) for name in choices.observables]
    shown = asdict(choices) | {"observables": stubs, "owns": owns, "file": ADAPTER}
    return _render("adapter.py.j2", **shown)


def _stub(name: str, choices: Choices) -> _Stub:
    if choices.unit == "process":
        example = _OF_PROCESS.get(name, ())
    elif choices.style == "functions":
        example = _FROM_FUNCTIONS.get(name, ())
    else:
        ours = choices.framework == "torch" and choices.unit == "transition"
        example = (_FROM_LIBRARY if ours else _FROM_LIBRARY_ELSEWHERE).get(name, ())
        if not ours:
            example = tuple(
                line.replace(_ROWS, "rows").replace(_BOTH, "case.expert, case.generator") for line in example
            )
    held = _HELD.get(choices.framework, _REWARDS)
    example = tuple(line.replace("{held}", held) for line in example)
    arguments = "case, rows" if name in _OF_ROWS and choices.unit != "process" else "case"
    return _Stub(name, arguments, _MEANINGS[name], example)


def test() -> str:
    """Return the test file."""
    return _render("test_ganirl.py.j2", file=ADAPTER, test=TEST)


def workflow(folder: Path, framework: str) -> str:
    """Return the workflow, which installs what the project's own files ask for, ganirl, and the framework."""
    address = address_of_ganirl()
    extra = framework if framework in _extras() else ""
    ganirl = f"ganirl[{extra}]" if extra else "ganirl"
    local = address.startswith("file:")
    if address and not local:
        ganirl = f"{ganirl} @ {address}"
    quoted = f'"{ganirl}"' if ganirl != "ganirl" else ganirl
    if local:
        quoted = f'"{ganirl} @ git+https://..."'
    installs = [*_of_project(folder), quoted, *([] if extra or framework == NUMPY.name else [framework])]
    return _render(
        "ganirl.yml.j2",
        file=ADAPTER,
        test=TEST,
        installs=" ".join(installs),
        local=local,
    )


def _of_project(folder: Path) -> list[str]:
    lines = text_of(folder / "pyproject.toml").splitlines()
    packaged = any(line.strip() in ("[project]", "[build-system]") for line in lines)
    if packaged or (folder / "setup.py").is_file():
        return ["."]
    return ["-r", "requirements.txt"] if (folder / "requirements.txt").is_file() else []


def _extras() -> list[str]:
    try:
        return [str(extra) for extra in metadata("ganirl").get_all("Provides-Extra") or []]
    except PackageNotFoundError:  # a bare checkout
        return ["torch"]


def _render(template: str, **shown: Any) -> str:
    environment = Environment(
        loader=PackageLoader("ganirl_reports", "templates/init"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["python"] = lambda text: json.dumps(text, ensure_ascii=False)
    return environment.get_template(template).render(**shown)
