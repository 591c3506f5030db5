"""What an implementation may choose freely, declared by its adapter and never guessed silently."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any, Literal

from .case import Unit
from .process_conventions import ProcessConventions

# Fields that mean nothing of code that draws nothing.
SAMPLING = ("sampled", "unbiased", "draws")

LossForm = Literal["any", "log_sigmoid", "softplus", "bce"]


@dataclass(frozen=True)
class Conventions:
    """The free choices of an implementation. The defaults are the paper's.

    A choice that is not declared and turns out otherwise is reported as "correct up to …", with the convention
    that would make it right.

    Attributes
    ----------
    unit : what a row is, a whole trajectory or one transition; ``"process"`` for tabular code, which is handed an MDP
        with demonstrations, and of whose conventions all but ``weights`` and ``precisions`` are in ``process``
    expert_label : 1 if D is the probability of the expert, 0 if it is that of the generator (claim I2)
    loss_scale : ``"sum_of_means"`` is the paper's L_D; ``"mean_of_all"`` averages the concatenation of both
        batches (½ L_D for equal batches, claim I1); ``"sum"`` adds all rows
    loss_factor : a factor on the loss beyond that: ½ for a mean of both means
    loss_form : how −log D is computed: ``"log_sigmoid"``, ``"softplus"``, ``"bce"`` (binary cross-entropy with
        logits); ``"any"`` of these by default. Only the accuracy in the tails (N1, N1b) depends on it
    reward : what `generator_reward` returns, in words for the report
    reward_baseline : whether the reward may differ from ℓ by one constant for a whole batch, as b is: the policy
        gradient does not see it where episodes have one length (claim E3); ``"leave_one_out"``: the policy gradient
        takes off each row the mean reward of the others, which is unbiased where rows are sampled
    entropy_coefficient : α of an entropy bonus that the policy optimiser adds to the reward
    entropy_in : ``"rewards"`` if that bonus is each step's own alone, as in PPO's loss; ``"values"`` if it is part of
        the returns, so that the entropy of later steps counts: soft value iteration, soft actor-critic
    log_q : ``"input"`` if log q is handed to the discriminator, ``"computed"`` if the implementation evaluates
        its policy, ``"absent"`` if the discriminator does not use it (GAIL)
    log_q_constant : a constant by which its log q differs from Σ log π (a base measure); b absorbs it
    log_z : ``"explicit"`` parameter, ``"bias"`` of the network, or ``"absent"``
    weights : whether weighted rows are accepted; if not, every batch is averaged
    equal_batches : whether both batches must have one size
    precisions : the formats that it can work in; None for all
    sampled : observables that draw random numbers of their own, so that what a claim says of them is said of their
        expectation; each call is an independent draw, whose generator `Case.seed` may start
    unbiased : what of a sampled `log_partition` has the right expectation: its exponential, ``"Z"``, as that of
        importance sampling does (claims F1 and F4), or itself, ``"log Z"``
    draws : what one draw is: ``"averages"`` over some rows of the case, or over trajectories of uniformly drawn actions
        where it is a process, so that the case says in which range it lies; ``"free"``: anything, which can be judged
        by a normal approximation only
    process : the conventions of tabular code; for other units there are none
    """

    unit: Unit = "trajectory"
    expert_label: Literal[0, 1] = 1
    loss_scale: Literal["sum_of_means", "mean_of_all", "sum"] = "sum_of_means"
    loss_factor: float = 1.0
    loss_form: LossForm = "any"
    reward: str = "log D − log(1 − D)"
    reward_baseline: bool | Literal["leave_one_out"] = False
    entropy_coefficient: float = 0.0
    entropy_in: Literal["rewards", "values"] = "rewards"
    log_q: Literal["input", "computed", "absent"] = "input"
    log_q_constant: float = 0.0
    log_z: Literal["explicit", "bias", "absent"] = "explicit"
    weights: bool = False
    equal_batches: bool = False
    precisions: tuple[str, ...] | None = None
    sampled: tuple[str, ...] = ()
    unbiased: Literal["Z", "log Z"] = "Z"
    draws: Literal["averages", "free"] = "averages"
    process: ProcessConventions | None = None

    def __post_init__(self) -> None:
        allowed: dict[str, tuple[object, ...]] = {
            "unit": ("trajectory", "transition", "process"),
            "expert_label": (0, 1),
            "loss_scale": ("sum_of_means", "mean_of_all", "sum"),
            "loss_form": ("any", "log_sigmoid", "softplus", "bce"),
            "entropy_in": ("rewards", "values"),
            "reward_baseline": (True, False, "leave_one_out"),
            "log_q": ("input", "computed", "absent"),
            "log_z": ("explicit", "bias", "absent"),
            "unbiased": ("Z", "log Z"),
            "draws": ("averages", "free"),
        }
        for name, choices in allowed.items():
            value = getattr(self, name)
            if value not in choices:
                expected = ", ".join(repr(choice) for choice in choices)
                raise ValueError(f"Conventions({name}={value!r}) is unknown; choose one of {expected}")
        for name in ("loss_factor", "entropy_coefficient", "log_q_constant"):
            value = getattr(self, name)
            if not (isinstance(value, Real) and math.isfinite(value)):
                raise ValueError(f"Conventions({name}={value!r}) must be a finite number")
        for name in ("weights", "equal_batches"):
            value = getattr(self, name)
            if value not in (True, False):
                raise ValueError(f"Conventions({name}={value!r}) must be True or False")
        if isinstance(self.sampled, str) or not all(isinstance(name, str) for name in self.sampled):
            raise ValueError(f"Conventions(sampled={self.sampled!r}) must be a tuple of observables' names")
        object.__setattr__(self, "sampled", tuple(self.sampled))
        if not self.loss_factor > 0:
            raise ValueError(f"Conventions(loss_factor={self.loss_factor!r}) must be positive")
        if self.unit == "process" and self.process is None:
            object.__setattr__(self, "process", ProcessConventions())
        if self.unit != "process" and self.process is not None:
            raise ValueError('Conventions(process=…) belongs to unit="process"')

    @property
    def of_process(self) -> ProcessConventions:
        """The conventions of tabular code.

        Raises
        ------
        ValueError
            For another unit, which has none.
        """
        if self.process is None:
            raise ValueError(f'Conventions(unit="{self.unit}") has no conventions of a process')
        return self.process

    def declared(self) -> dict[str, Any]:
        """Return what this unit's code chooses, name → choice, for a report."""
        silent = {"process"} if self.sampled else {"process", *SAMPLING}
        if self.process is None:
            return {name: value for name, value in asdict(self).items() if name not in silent}
        names = ("unit", "weights", "precisions", *SAMPLING)
        own = {name: getattr(self, name) for name in names if name not in silent}
        return own | asdict(self.process)

    def side_scales(self, expert_rows: int, generator_rows: int) -> tuple[float, float]:
        """Factors (α_p, α_q) of α_p E_p[−log D] + α_q E_q[−log(1−D)], the loss as optimised (claim I1)."""
        if self.loss_scale == "sum_of_means":
            scales = 1.0, 1.0
        elif self.loss_scale == "sum":
            scales = float(expert_rows), float(generator_rows)
        else:
            total = expert_rows + generator_rows
            scales = expert_rows / total, generator_rows / total
        return self.loss_factor * scales[0], self.loss_factor * scales[1]
