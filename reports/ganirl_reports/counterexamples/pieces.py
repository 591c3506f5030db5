"""What scripts of GAN code are made of: the terms that a formula may name, and pieces of formulas, as NumPy texts."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from .formula import Subject, Term

ITS_REWARD = "arrays.numpy(target.generator_reward(case, case.generator)).ravel()"
RIGHT_IRL_LOSS = "w_p @ c + np.logaddexp.reduce(log_w)"
RIGHT_IRL_GRADIENT = "w_p @ phi - share @ phi"
RIGHT_POLICY_GRADIENT = "-np.tensordot(w_q[len(p):] * ell[len(p):], score, axes=1)"


def terms(claim: str, subject: Subject) -> tuple[Term, ...]:
    """Return what formulas of GAN code may name: rows of both sides, the expert's first."""
    conventions = subject.conventions
    constant = float(conventions["log_q_constant"])
    plus = f" + {constant!r}" if constant else ""
    own, handed = own_log_q(subject), handed_log_q(subject)
    log_q = {
        "absent": "log_q = 0  # it is no part of this discriminator",
        "input": f"log_q = {handed}{plus}",
        "computed": f"log_q = {own}{plus}",
    }[conventions["log_q"]]
    a_p, a_q = subject.scale_texts
    # At b* of a loss that weighs its sides otherwise, the mixture of samples is in those proportions (I1).
    tilted = subject.scales[0] != subject.scales[1] and (claim, subject.check) == ("C2", "GAN side")
    w_p, w_q = ("p.weight", "q.weight")
    if conventions["weights"]:
        w_p, w_q = (f"{each} / {each}.sum()" for each in (w_p, w_q))
    mixture = f"({a_p} * w_p + {a_q} * w_q) / ({a_p} + {a_q})" if tilted else "(w_p + w_q) / 2"
    log_pi = "exact.policy_logits - np.logaddexp.reduce(exact.policy_logits, axis=1, keepdims=True)"
    return (
        Term(("logits",), (f"logits = {subject.rows('discriminator_logit')}",)),
        Term(("probabilities",), (f"probabilities = {subject.rows('discriminator_probability')}",)),
        Term(("p", "q"), ("p, q = exact.expert, exact.generator",)),
        Term(("phi",), ("phi = np.concatenate([p.features, q.features])",)),
        Term(("c",), ("c = phi @ exact.theta",)),
        Term(("log_pi",), (f"log_pi = {log_pi}",)),
        Term(
            (own,),
            (
                f"{own} = np.concatenate("
                "[(log_pi[s.steps.state, s.steps.action] * s.steps.mask).sum(1) for s in (p, q)])",
            ),
        ),
        Term(
            (handed,),
            (f"{handed} = np.concatenate([p.log_q, q.log_q])",),
        ),
        *(() if "log_q" in (own, handed) else (Term(("log_q",), (log_q,)),)),
        Term(("ell",), ("ell = -c - exact.b - log_q  # log D − log(1 − D)",)),
        Term(("D", "E"), ("D, E = 1 / (1 + np.exp(-ell)), 1 / (1 + np.exp(ell))  # E is 1 − D",)),
        Term(
            ("w_p", "w_q"),
            (f"w_p, w_q = np.append({w_p}, 0 * q.weight), np.append(0 * p.weight, {w_q})",),
        ),
        Term(
            ("log_w",),
            (
                f"log_w = np.log({mixture}) - c - np.logaddexp(-c - exact.b, log_q) + np.log(2)  # of μ e^−c/μ̃",
            ),
        ),
        Term(("share",), ("share = np.exp(log_w - np.logaddexp.reduce(log_w))",)),
        Term(
            ("score",),  # ∂ log q/∂ policy logits of the generator's rows
            (
                "score = np.zeros((len(q), *log_pi.shape))  # ∂ log q/∂ policy logits",
                "for n, t in zip(*np.nonzero(q.steps.mask)):",
                "    s, a = q.steps.state[n, t], q.steps.action[n, t]",
                "    score[n, s] += (np.arange(log_pi.shape[1]) == a) - np.exp(log_pi[s])",
            ),
        ),
    )


def own_log_q(subject: Subject) -> str:
    """What log q as the policy has it is called: ``log_q`` where the discriminator uses just that."""
    conventions = subject.conventions
    return "log_q" if conventions["log_q"] == "computed" and not conventions["log_q_constant"] else "own"


def handed_log_q(subject: Subject) -> str:
    """The same of log q as it is handed over."""
    conventions = subject.conventions
    return "log_q" if conventions["log_q"] == "input" and not conventions["log_q_constant"] else "handed"


def its_logits(subject: Subject) -> str:
    """Its ℓ, with the expert's label 1."""
    return "-logits" if subject.conventions["expert_label"] == 0 else "logits"


def its_probabilities(subject: Subject) -> str:
    """Its D, with the expert's label 1."""
    return "1 - probabilities" if subject.conventions["expert_label"] == 0 else "probabilities"


def factors(subject: Subject) -> tuple[str, str]:
    """Factors before the two means; nothing where they are 1."""
    if subject.scales == (1.0, 1.0):
        return "", ""
    a_p, a_q = subject.scale_texts
    return f"{a_p} * ", f"{a_q} * "


def right_loss(subject: Subject) -> str:
    """L_D."""
    a_p, a_q = factors(subject)
    return f"{a_p}(w_p @ np.logaddexp(0, -ell)) + {a_q}(w_q @ np.logaddexp(0, ell))"


def right_slope(subject: Subject) -> str:
    """∂L_D/∂θ."""
    a_p, a_q = factors(subject)
    return f"{a_p}(w_p * E) @ phi - {a_q}(w_q * D) @ phi"


def right_slope_in_b(subject: Subject) -> str:
    """∂L_D/∂b."""
    a_p, a_q = factors(subject)
    return f"{a_p}(w_p @ E) - {a_q}(w_q @ D)"


def its_gradient_theta(subject: Subject) -> str:
    """Its ∂L_D/∂θ, of the adapter or by autodiff."""
    if "discriminator_gradient" in subject.observables:
        return "arrays.numpy(target.discriminator_gradient(case)[0])"
    return subject.gradient("discriminator_loss", "theta")


def its_gradient_b(subject: Subject) -> str:
    """Its ∂L_D/∂b, likewise."""
    if "discriminator_gradient" in subject.observables:
        return "arrays.numpy(target.discriminator_gradient(case)[1]).item()"
    return f"{subject.gradient('discriminator_loss', 'b')}.item()"


def its_irl_gradient(subject: Subject) -> str:
    """Its ∂L_IRL/∂θ, likewise."""
    return subject.own_gradient("irl_gradient", "irl_loss", "theta")


def its_reward(subject: Subject) -> str:
    """Its reward, with the bonus of the optimiser."""
    reward = ITS_REWARD
    alpha = float(subject.conventions["entropy_coefficient"])
    if not alpha:
        return reward
    log_q = handed_log_q(subject) if subject.conventions["log_q"] == "input" else own_log_q(subject)
    return f"{reward} - {alpha!r} * {log_q}[len(p):]"


def of_unscaled_mixture(subject: Subject) -> Subject:
    """The same where both sides weigh alike, as they do in eq. (4) whatever the scale of L_D."""
    plain = {**subject.conventions, "loss_scale": "sum_of_means", "loss_factor": 1.0}
    return replace(subject, conventions=MappingProxyType(plain))
