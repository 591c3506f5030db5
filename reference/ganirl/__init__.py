"""What is true: problems, enumeration, objectives, error bounds, the claims and the `Implementation` protocol.

Needs numpy and scipy alone, so that an adapter may `import ganirl` at no cost.
"""

from .case import Case, Rows, Steps
from .conventions import Conventions
from .cost import CallableCost, Cost, LinearCost
from .energies import BoltzmannMachine, IsingChain, IsingGrid, TanhNetwork
from .implementation import OBSERVABLES, Departure, Gradient, Implementation, available_observables, wrap
from .mdp import TabularMDP
from .precision import BFLOAT16, FLOAT32, FLOAT64, PRECISIONS, Precision
from .problem import Problem, energy_based_model, finite_space
from .process import Process
from .process_conventions import ProcessConventions
from .sequences import SequenceSpace
from .stub import Stub, stub

__version__ = "0.1.0"

__all__ = [
    "BFLOAT16",
    "FLOAT32",
    "FLOAT64",
    "OBSERVABLES",
    "PRECISIONS",
    "BoltzmannMachine",
    "CallableCost",
    "Case",
    "Conventions",
    "Cost",
    "Departure",
    "Gradient",
    "Implementation",
    "IsingChain",
    "IsingGrid",
    "LinearCost",
    "Precision",
    "Problem",
    "Process",
    "ProcessConventions",
    "Rows",
    "SequenceSpace",
    "Steps",
    "Stub",
    "TabularMDP",
    "TanhNetwork",
    "available_observables",
    "energy_based_model",
    "finite_space",
    "stub",
    "wrap",
]
