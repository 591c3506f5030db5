"""What a run by sampling promised, in one line, for every renderer alike."""

from __future__ import annotations

from ganirl_properties.report import Run

from .looks import number


def sampling_line(run: Run) -> str | None:
    """Return the family-wise budget of a run and what it took; None where nothing was sampled."""
    said = run.sampling
    if said is None:
        return None
    tests = "one sequential test" if said.tests == 1 else f"{said.tests} sequential tests"
    line = (
        f"{tests} took {said.draws} draws; in the whole run any false alarm has a probability of "
        f"at most α = {number(said.family)}, and in each test a miss of at most β = {number(said.beta)}, where an "
        f"expectation is δ = {number(said.effect)} of a draw's range away"
    )
    if said.approximate:
        line += (
            f"; {said.approximate} of them are normal approximations, whose probabilities may be off by "
            f"{number(said.approximation, 2)}"
        )
    return line
