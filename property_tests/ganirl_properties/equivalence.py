"""The headline: which sides of the theorem an implementation has, and whether they are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganirl import Conventions

from .report import BESIDE_THE_REASON, Equivalence, Verdict

_GAN = ("discriminator_loss", "discriminator_logit", "discriminator_probability")
_IRL = (
    *("irl_loss", "irl_gradient", "generator_reward", "generator_loss", "generator_gradient", "policy_loss"),
    *("soft_values", "policy", "occupancy", "demonstration_gradient", "demonstration_loss"),
)
_EBM = ("log_partition",)


def equivalence(
    observables: Sequence[str], conventions: Conventions, verdicts: Sequence[Verdict]
) -> Equivalence:
    """Sum up the verdicts: the GAN's side is D and L_D, the IRL side cost and policy, the EBM's the estimate of Z."""
    has = set(observables)
    sides = tuple(
        name for name, needed in (("GAN", _GAN), ("IRL", _IRL), ("EBM", _EBM)) if has.intersection(needed)
    )
    by_verdict: dict[str, list[str]] = {}
    for verdict in verdicts:
        names = by_verdict.setdefault(verdict.verdict, [])
        if verdict.claim not in names:
            names.append(verdict.claim)
    broken = by_verdict.get("violated", []) or by_verdict.get("blocked", [])
    if broken:
        rest = len(by_verdict.get("error", []))
        unjudged = f"; {rest} more claims could not be judged" if rest else ""
        return Equivalence(sides, "not equivalent", _told(broken, verdicts) + unjudged)
    undecided = by_verdict.get("error", []) + by_verdict.get("inconclusive", [])
    if undecided:
        first = next(verdict for verdict in verdicts if verdict.verdict in ("error", "inconclusive"))
        return Equivalence(sides, "undecided", f"{first.claim}: {first.message}")
    waived = by_verdict.get("waived", [])
    if waived:
        return Equivalence(sides, "not equivalent", f"{_departing(verdicts)}{_all_the_same(by_verdict)}")
    if conventions.log_q == "absent":
        without = (
            "log q is no part of its discriminator, as declared: its logit is not a cost (GAIL, not AIRL)"
        )
        return Equivalence(sides, "not equivalent", f"{without}{_all_the_same(by_verdict)}")
    if len(sides) < 2 or "GAN" not in sides:
        missing = [name for name in ("GAN", "IRL") if name not in sides]
        shown = " and ".join(sides) or "no side"
        return Equivalence(
            sides, "one side only", f"it shows {shown}; nothing of the {' and '.join(missing)} side"
        )
    if not any(verdict.claim == "C2" for verdict in verdicts):
        return Equivalence(
            sides, "undecided", "every claim that was asked holds; C2, which joins both gradients, was not"
        )
    joined = "C2" in by_verdict.get("satisfied", []) + by_verdict.get("conditional", [])
    because = (
        "the gradient of its discriminator at the optimal Z is that of maximum-entropy IRL (C2)"
        if joined
        else "every claim that it shows holds; C2, which joins both gradients, was not addressed"
    )
    return Equivalence(sides, "equivalent" if joined else "undecided", because)


def _told(broken: Sequence[str], verdicts: Sequence[Verdict]) -> str:
    """Return what is wrong, claims of one cause together: ``"A4, B1 violated: …; E1 violated: …"``."""
    together: dict[str, list[str]] = {}
    for claim in broken:
        rows = [verdict for verdict in verdicts if verdict.claim == claim]
        # What is an echo in one format may be wrong by itself in another.
        found = (row for name in ("violated", "blocked") for row in rows if row.verdict == name)
        first = next(found)
        together.setdefault(f"{first.verdict}: {first.message}", []).append(claim)
    return "; ".join(f"{', '.join(claims)} {said}" for said, claims in together.items())


def _departing(verdicts: Sequence[Verdict]) -> str:
    """Return what is departed from and why, claims of one reason together: ``"by design, E1, E3: GAIL's reward"``."""
    reasons: dict[str, str] = {}
    for verdict in verdicts:
        if verdict.verdict == "waived" and verdict.blocked_by is None:
            reasons.setdefault(verdict.claim, verdict.message.partition(BESIDE_THE_REASON)[0])
    together: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.verdict == "waived":
            # What follows from a departure has its reason.
            reason = reasons.get(verdict.claim) or reasons.get(verdict.blocked_by or "") or verdict.message
            claims = together.setdefault(reason, [])
            if verdict.claim not in claims:
                claims.append(verdict.claim)
    told = "; ".join(f"{', '.join(claims)}: {reason}" for reason, claims in together.items())
    return f"by design, {told}"


def _all_the_same(by_verdict: Mapping[str, Sequence[str]]) -> str:
    """Return what else was verified: a departure is no reason not to look."""
    departing = by_verdict.get("waived", ())
    holds = [claim for claim in by_verdict.get("satisfied", ()) if claim not in departing]
    conditional = [claim for claim in by_verdict.get("conditional", ()) if claim not in {*departing, *holds}]
    parts = [
        f"{len(claims)} {'claim' if len(claims) == 1 else 'claims'} {verb}{'s' if len(claims) == 1 else ''}{how} "
        f"({', '.join(claims)})"
        for claims, verb, how in ((holds, "hold", ""), (conditional, "hold", " under a condition"))
        if claims
    ]
    return f". What else it shows was verified: {', '.join(parts)}" if parts else ""
