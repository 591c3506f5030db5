"""Certified numbers: reference values as rigorous intervals, where python-flint (or mpmath, one floor up) is there.

Nothing here is imported by the rest of this floor, and python-flint only when a `FlintBalls` is made.
"""

from .ball import Backend, Ball, Certifier, UndecidedError, balls, ends, is_certified, middles
from .flint_balls import FlintBalls
from .optimum import enclose_optimum
from .population import (
    CertifiedPartition,
    certified_partition,
    partition_by_enumeration,
    partition_by_products,
)
from .truth import Breach, CertifiedTruth, breaches, reference_values

__all__ = [
    "Backend",
    "Ball",
    "Breach",
    "CertifiedPartition",
    "CertifiedTruth",
    "Certifier",
    "FlintBalls",
    "UndecidedError",
    "balls",
    "breaches",
    "certified_partition",
    "enclose_optimum",
    "ends",
    "is_certified",
    "middles",
    "partition_by_enumeration",
    "partition_by_products",
    "reference_values",
]
