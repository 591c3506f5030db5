"""Implementations that can only be sampled: what a claim says of a number is said of its expectation.

`Conventions(sampled=…)` names the observables. They are taken out of the search for counterexamples, where one call
decides, and asked again and again by sequential tests, whose error rates a run states (`ganirl.sequential`).
"""

from .contract import CONTRACTS, SamplingContract
from .hidden import WithoutSampled, without_sampled
from .judging import judged_by_sampling

__all__ = ["CONTRACTS", "SamplingContract", "WithoutSampled", "judged_by_sampling", "without_sampled"]
