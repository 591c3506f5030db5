"""The claims about discriminators, losses, gradients and rewards as NumPy, one comparison at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ganirl import Case, Rows
from ganirl_properties.cases import with_constant_feature
from ganirl_properties.paths import taken

from .formula import Formula, Subject
from .pieces import (
    ITS_REWARD,
    RIGHT_IRL_GRADIENT,
    RIGHT_IRL_LOSS,
    RIGHT_POLICY_GRADIENT,
    factors,
    its_gradient_b,
    its_gradient_theta,
    its_irl_gradient,
    its_logits,
    its_probabilities,
    its_reward,
    of_unscaled_mixture,
    own_log_q,
    right_loss,
    right_slope,
    right_slope_in_b,
)

BOTH = ("expert", "generator")


def formula(claim: str, subject: Subject) -> Formula | None:
    """Return the formula of a comparison; None for one that has none."""
    make = _OF_CLAIM.get(claim)
    return None if make is None else make(subject)


def _a4(subject: Subject) -> Formula:
    if subject.observable == "log_q":
        constant = float(subject.conventions["log_q_constant"])
        plus = f" + {constant!r}" if constant else ""
        return Formula("log q = Σ log π(a|s)", subject.rows("log_q"), f"{own_log_q(subject)}{plus}")
    if subject.observable == "discriminator_probability":
        return Formula("D = σ(−c − b − log q)", its_probabilities(subject), "D")
    return Formula("ℓ = −c − b − log q", its_logits(subject), "ell")


def _a5(subject: Subject) -> Formula:
    return Formula("D = σ(ℓ)", its_probabilities(subject), f"1 / (1 + np.exp(-({its_logits(subject)})))")


def _a6(subject: Subject) -> Formula | None:
    what = subject.observable.removeprefix("change of ").partition(" under ")[0]
    pieces = {
        "discriminator_logit": its_logits(subject),
        "discriminator_probability": its_probabilities(subject),
        "discriminator_loss": subject.scalar("discriminator_loss"),
        "∂L_D/∂θ": its_gradient_theta(subject),
        "generator_reward": ITS_REWARD,
        "generator_loss": subject.scalar("generator_loss"),
        "irl_loss": subject.scalar("irl_loss"),
        "∂L_IRL/∂θ": its_irl_gradient(subject),
    }
    got = pieces.get(what.removesuffix(" up to one constant"))
    if got is None:
        return None
    if what.endswith(" up to one constant"):
        got = f"(lambda reward: reward - reward.mean())({got})"
    # A shift that rounds nothing: by 2, or all that b is.
    b, precision = float(subject.case.b), subject.case.precision
    before, after, moved = (
        (1.0, 3.0, b - 2.0) if float(precision.round(b - 2.0)) + 2.0 == b else (0.0, b, 0.0)
    )
    there = with_constant_feature(subject.case, precision.round(after))
    return Formula(
        "a constant moved from b into c, as the cost of a feature that is 1, changes nothing",
        "got(there) - got(exact)",
        "0 * found",
        functions={"got": got},
        case=with_constant_feature(subject.case, precision.round(before)),
        others={"there": replace(there, b=precision.round(moved))},
    )


def _a7(subject: Subject) -> Formula:
    return Formula(
        "∂L_D/∂θ = 0 where e^{−c−b} is the data's density", its_gradient_theta(subject), "0 * exact.theta"
    )


def _a9(subject: Subject) -> Formula:
    own = f"({its_probabilities(subject)})"
    return Formula("q·D = m·(1 − D), over m + q", f"{own} * E", f"(1 - {own}) * D")


def _b1(subject: Subject) -> Formula:
    return Formula(
        "L_D = E_p[−log D] + E_q[−log(1 − D)]", subject.scalar("discriminator_loss"), right_loss(subject)
    )


def _b2(subject: Subject) -> Formula:
    if subject.check == "difference":
        return _difference_in_b(subject)
    return Formula("∂L_D/∂b = E_p[1 − D] − E_q[D]", its_gradient_b(subject), right_slope_in_b(subject))


def _with_b(case: Case, b: float, subject: Subject) -> tuple[Case, float]:
    """The case at another b, or at another parameter of the constant feature, and what that was rounded to."""
    rounded = case.precision.round(b)
    if subject.conventions["log_z"] == "absent":
        return replace(case, theta=np.append(case.theta[:-1], rounded)), float(rounded)
    return replace(case, b=rounded), float(rounded)


def _around(subject: Subject, step: float) -> tuple[dict[str, Case], float, float, float]:
    case = subject.case
    b = float(case.theta[-1] if subject.conventions["log_z"] == "absent" else case.b)
    low, below = _with_b(case, b - step, subject)
    high, above = _with_b(case, b + step, subject)
    return {"low": low, "high": high}, below, b, above


def _difference_in_b(subject: Subject) -> Formula:
    # Any step shows it whose truncation both sides share: a difference of the loss against that of the true loss.
    cases, below, _, above = _around(subject, _step(subject))
    width = repr(above - below)
    return Formula(
        "[L_D(b + h) − L_D(b − h)]/2h, as that of the true loss",
        f"(got(high) - got(low)) / {width}",
        f"(truth(high) - truth(low)) / {width}",
        functions={"got": subject.scalar("discriminator_loss"), "truth": right_loss(subject)},
        others=cases,
    )


def _step(subject: Subject) -> float:
    """Wide in coarse formats: what is allowed was derived for the step of the search, and a wider one rounds less."""
    return 0.5 if subject.case.precision_name != "float64" else 2.0**-4


CURVATURE_STEP = 0.5


def _b3(subject: Subject) -> Formula:
    cases, below, b, above = _around(subject, CURVATURE_STEP)
    a_p, a_q = factors(subject)
    margin = CURVATURE_STEP * 1.01
    top = 0.25 * sum(subject.scales)
    before = (f"bend = {a_p}(w_p @ (D * E)) + {a_q}(w_q @ (D * E))",)
    should = f"np.clip(found, bend * np.exp(-{margin}), min(bend * np.exp({margin}), {top!r}))"
    if subject.check == "gradient":
        return Formula(
            "[∂L_D/∂b(b + ½) − ∂L_D/∂b(b − ½)] is within e^±½ of ∂²L_D/∂b² and at most ¼ a side",
            f"(got(high) - got(low)) / {above - below!r}",
            should,
            before,
            {"got": its_gradient_b(subject)},
            others=cases,
        )
    up, down = above - b, b - below
    return Formula(
        "the second difference of L_D in b is within e^±½ of ∂²L_D/∂b² and at most ¼ a side",
        f"2 * ((got(high) - got(exact)) / {up!r} - (got(exact) - got(low)) / {down!r}) / {up + down!r}",
        should,
        before,
        {"got": subject.scalar("discriminator_loss")},
        others=cases,
    )


def _partition(subject: Subject) -> Formula:
    return Formula(
        "log Z = log E_μ[e^−c/μ̃]",
        subject.scalar("log_partition"),
        "np.logaddexp.reduce(log_w)",
    )


def _b5(subject: Subject) -> Formula:
    if subject.check == "estimate":
        return _partition(subject)
    own = (
        f"({its_probabilities(subject)})"
        if subject.check == "probability"
        else f"(1 / (1 + np.exp(-({its_logits(subject)}))))"
    )
    if subject.scales[0] == subject.scales[1]:
        return Formula("E_p[D] + E_q[D] = 1 at b*", f"(w_p + w_q) @ {own}", "1.0")
    a_p, a_q = subject.scale_texts
    return Formula("E_p[D] + (α_q/α_p) E_q[D] = 1 at b*", f"(w_p + {a_q} / ({a_p}) * w_q) @ {own}", "1.0")


def _c1(subject: Subject) -> Formula:
    if subject.check != "difference":
        return Formula(
            "∂L_D/∂θ = E_p[(1 − D) φ] − E_q[D φ]", its_gradient_theta(subject), right_slope(subject)
        )
    index = int(subject.observable.rpartition("θ_")[2])
    case, step, moved, at = subject.case, _step(subject), {}, []
    for name, sign in (("low", -1.0), ("high", 1.0)):
        theta = case.theta.copy()
        theta[index] = case.precision.round(theta[index] + sign * step)
        moved[name] = replace(case, theta=theta)
        at.append(float(theta[index]))
    width = repr(at[1] - at[0])
    return Formula(
        f"[L_D(θ + h) − L_D(θ − h)]/2h in θ_{index}, as that of the true loss",
        f"(got(high) - got(low)) / {width}",
        f"(truth(high) - truth(low)) / {width}",
        functions={"got": subject.scalar("discriminator_loss"), "truth": right_loss(subject)},
        others=moved,
    )


def _c2(subject: Subject) -> Formula:
    over = f" / {subject.scales[0]!r}" if subject.scales[0] != 1.0 else ""
    if subject.check == "GAN side":
        return Formula(
            "∂L_D/∂θ = E_p[φ] − E_μ[w φ]/E_μ[w] at b*",
            f"{its_gradient_theta(subject)}{over}",
            RIGHT_IRL_GRADIENT,
        )
    if subject.check == "IRL side":
        plain = of_unscaled_mixture(subject)
        return Formula(
            "∂L_IRL/∂θ = E_p[(1 − D) φ] − E_q[D φ] at b*", its_irl_gradient(subject), right_slope(plain)
        )
    return Formula(
        "∂L_D/∂θ = ∂L_IRL/∂θ at b*", f"{its_gradient_theta(subject)}{over}", its_irl_gradient(subject)
    )


def _c3(subject: Subject) -> Formula:
    if subject.check == "value":
        return Formula("L_IRL = E_p[c] + log E_μ[e^−c/μ̃]", subject.scalar("irl_loss"), RIGHT_IRL_LOSS)
    return Formula("∂L_IRL/∂θ = E_p[φ] − E_μ[w φ]/E_μ[w]", its_irl_gradient(subject), RIGHT_IRL_GRADIENT)


def _d4(subject: Subject) -> Formula:
    case = with_constant_feature(subject.case, subject.case.precision.round(1.0))
    return Formula(
        "∂L_IRL = 0 in a constant added to the cost", f"{its_irl_gradient(subject)}[-1]", "0.0", case=case
    )


def _c5(subject: Subject) -> Formula:
    a_p, a_q = factors(subject)
    return Formula(
        "∂L_D/∂θ = ½ (E_p[φ] − E_pθ[φ]) at q = p_θ",
        its_gradient_theta(subject),
        f"({a_p}(w_p @ phi) - {a_q}(np.exp(-atom @ exact.theta) @ atom / np.exp(-atom @ exact.theta).sum())) / 2",
        ("atom = q.features[np.unique(q.steps.action[:, 0], return_index=True)[1]]",),
    )


def _e1(subject: Subject) -> Formula:
    if subject.observable == "generator_loss":
        return Formula(
            "L_G = −E_q[ℓ] = b + E_q[c] + E_q[log q]", subject.scalar("generator_loss"), "-(w_q @ ell)"
        )
    reward = its_reward(subject)
    if subject.conventions["reward_baseline"] is True:
        return Formula(
            "reward = −c − b − log q, up to one constant a batch",
            "reward - reward.mean()",
            "ell[len(p):] - ell[len(p):].mean()",
            (f"reward = {reward}",),
        )
    return Formula("reward = log D − log(1 − D) = −c − b − log q", reward, "ell[len(p):]")


def _e3(subject: Subject) -> Formula:
    says = "∂L_G/∂π = E_q[s·(−ℓ)], s = ∂ log q/∂ policy logits"
    if subject.check == "reward":
        return Formula(
            says,
            f"-np.tensordot(w_q[len(p):] * ({its_reward(subject)}), score, axes=1)",
            RIGHT_POLICY_GRADIENT,
        )
    own = subject.own_gradient("generator_gradient", "policy_loss", "policy_logits")
    if subject.conventions["reward_baseline"] == "leave_one_out":
        own = f"({own}) * (len(q) - 1) / len(q)"
    return Formula(says, own, RIGHT_POLICY_GRADIENT)


def _i1(subject: Subject) -> Formula:
    generator = subject.case.generator
    twice = np.repeat(np.arange(len(generator)), 2)
    case = replace(subject.case, generator=_chosen(generator, twice, 0.5))
    of_twice = replace(subject, case=case)
    return Formula(
        "L_D with the generator's rows twice over",
        subject.scalar("discriminator_loss"),
        right_loss(of_twice),
        case=case,
    )


def _chosen(rows: Rows, order: np.ndarray, share: float) -> Rows:
    return Rows(rows.features[order], rows.log_q[order], rows.weight[order] * share, taken(rows.steps, order))


def _s1(subject: Subject) -> Formula:
    own = subject.own_gradient("discriminator_policy_gradient", "discriminator_loss", "policy_logits")
    return Formula("∂L_D/∂policy logits = 0", own, "0 * exact.policy_logits")


def _s2(subject: Subject) -> Formula:
    repeat = 2 if subject.observable.endswith("twice over") else 1
    sides = {
        name: _chosen(
            rows := getattr(subject.case, name),
            np.tile(np.roll(np.arange(len(rows))[::-1], 1), repeat),
            1 / repeat,
        )
        for name in BOTH
    }
    growth = f"{repeat} * " if subject.conventions["loss_scale"] == "sum" and repeat > 1 else ""
    return Formula(
        "L_D is a mean" if not growth else "L_D is a sum",
        "got(there)",
        f"{growth}got(exact)",
        functions={"got": subject.scalar("discriminator_loss")},
        others={"there": replace(subject.case, expert=sides["expert"], generator=sides["generator"])},
    )


_OF_CLAIM: Mapping[str, Callable[[Subject], Formula | None]] = MappingProxyType(
    {
        "A4": _a4,
        "A5": _a5,
        "A6": _a6,
        "A7": _a7,
        "A9": _a9,
        "B1": _b1,
        "B2": _b2,
        "B3": _b3,
        "B4": _partition,
        "B5": _b5,
        "C1": _c1,
        "C2": _c2,
        "C3": _c3,
        "C5": _c5,
        "D4": _d4,
        "E1": _e1,
        "E3": _e3,
        "I1": _i1,
        "N1": _b1,
        "N1b": _b1,
        "N2": _c1,
        "S1": _s1,
        "S2": _s2,
    }
)
