"""Energies E_θ over vectors x: Ising chain and grid, a restricted Boltzmann machine, a small network.

Each is a family with analytic derivatives: ``energy.cost(points)`` is its `Cost` on given points, and is open to
complex θ. Those with structure know their exact log Z and its gradient over *all* points, by another route than
enumeration: D1 says ∂log Z = −E_{p_θ}[∂E].

>>> import numpy as np
>>> from ganirl.energies import IsingChain
>>> from ganirl.transfer_matrix import spin_words
>>> energy, theta = IsingChain(length=4, closed=True), np.array([0.9, -0.4])
>>> costs = energy.cost(spin_words(4)).value(theta)
>>> bool(np.isclose(energy.log_partition(theta), np.log(np.exp(-costs).sum())))
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .cost import Cost, LinearCost
from .logspace import sigmoid
from .transfer_matrix import (
    SPINS,
    Chain,
    boltzmann_log_partition,
    boltzmann_moments,
    ising_chain,
    ising_grid,
    spin_words,
)

Array = npt.NDArray[np.float64]


class Energy(Protocol):
    """A family E_θ over vectors of n numbers."""

    @property
    def variables(self) -> int:
        """n."""
        ...

    @property
    def parameters(self) -> int:
        """d, the length of θ."""
        ...

    def cost(self, points: Array) -> Cost:
        """Return the family on given points, (N, n)."""
        ...


class SummableEnergy(Energy, Protocol):
    """One whose exact log Z over all points is known without enumeration."""

    def log_partition(self, theta: Array) -> float:
        """Log Σ_x e^{−E_θ(x)}."""
        ...

    def log_partition_gradient(self, theta: Array) -> Array:
        """∂log Z/∂θ, (d,)."""
        ...


@dataclass(frozen=True)
class IsingChain:
    """E = −Σ_i J_i x_i x_{i+1} − Σ_i f_i x_i over spins x_i = ±1; θ = (J, f).

    Attributes
    ----------
    length : n
    closed : whether x_n is coupled to x_1, too
    tied : one J and one f for all, θ of length 2; else θ = (J_1 …, f_1 …)
    """

    length: int
    closed: bool = False
    tied: bool = True

    @property
    def variables(self) -> int:
        """n."""
        return self.length

    @property
    def parameters(self) -> int:
        """d."""
        return 2 if self.tied else self.bonds + self.length

    @property
    def bonds(self) -> int:
        """Number of couplings."""
        return self.length if self.closed else self.length - 1

    def cost(self, points: Array) -> LinearCost:
        """Return the family on spins, (N, n)."""
        following = np.roll(points, -1, axis=1)
        return LinearCost(-self._gathered((points * following)[:, : self.bonds], points))

    def chain(self, theta: Array) -> Chain:
        """Return it at θ, as a chain."""
        couplings, fields = theta[:1], theta[1:]
        if not self.tied:
            couplings, fields = theta[: self.bonds], theta[self.bonds :]
        return ising_chain(np.broadcast_to(couplings, self.bonds), np.broadcast_to(fields, self.length))

    def log_partition(self, theta: Array) -> float:
        """Return log Z by transfer matrix."""
        return self.chain(theta).log_partition()

    def log_partition_gradient(self, theta: Array) -> Array:
        """(E[x_i x_{i+1}], E[x_i]), (d,)."""
        chain = self.chain(theta)
        pairs = np.array([SPINS @ joint @ SPINS for joint in chain.bond_marginals()])
        means = np.array([SPINS @ marginal for marginal in chain.site_marginals()])
        return self._gathered(pairs, means)

    def _gathered(self, pairs: Array, spins: Array) -> Array:
        parts = [pairs, spins]
        if self.tied:
            parts = [part.sum(axis=-1, keepdims=True) for part in parts]
        return np.concatenate(parts, axis=-1)


@dataclass(frozen=True)
class IsingGrid:
    """E = −J_→ Σ x x_right − J_↓ Σ x x_below − f Σ x over spins in rows; θ = (J_→, J_↓, f), open ends.

    Attributes
    ----------
    rows, columns : x is read row by row; the transfer matrix is 2^columns wide
    """

    rows: int
    columns: int

    @property
    def variables(self) -> int:
        """n."""
        return self.rows * self.columns

    @property
    def parameters(self) -> int:
        """d."""
        return 3

    def cost(self, points: Array) -> LinearCost:
        """Return the family on spins, (N, rows · columns)."""
        grid = points.reshape(-1, self.rows, self.columns)
        parts = (grid[:, :, 1:] * grid[:, :, :-1], grid[:, 1:] * grid[:, :-1], grid)
        return LinearCost(-np.stack([part.sum(axis=(1, 2)) for part in parts], axis=1))

    def chain(self, theta: Array) -> Chain:
        """Return it at θ, as a chain of rows."""
        across, along, field = theta
        return ising_grid(
            np.full((self.rows, self.columns - 1), across),
            np.full((self.rows - 1, self.columns), along),
            np.full((self.rows, self.columns), field),
        )

    def log_partition(self, theta: Array) -> float:
        """Return log Z by transfer matrix, row by row."""
        return self.chain(theta).log_partition()

    def log_partition_gradient(self, theta: Array) -> Array:
        """E of the sums over both kinds of neighbours and over the spins, (3,)."""
        chain, words = self.chain(theta), spin_words(self.columns)
        row = np.sum(chain.site_marginals(), axis=0)
        beside = (words[:, 1:] * words[:, :-1]).sum(axis=1)
        below = sum(float(np.sum(joint * (words @ words.T))) for joint in chain.bond_marginals())
        return np.array([row @ beside, below, row @ words.sum(axis=1)])


@dataclass(frozen=True)
class BoltzmannMachine:
    """Restricted Boltzmann machine with its H hidden bits summed out; E is the free energy of the visible bits.

    E(v) = −a·v − Σ_j softplus(k_j + W_j·v), curved in θ = (a (n,), k (H,), W (H, n) by rows).
    """

    visible: int
    hidden: int

    @property
    def variables(self) -> int:
        """n."""
        return self.visible

    @property
    def parameters(self) -> int:
        """d."""
        return self.visible + self.hidden * (1 + self.visible)

    def split(self, theta: npt.NDArray[Any]) -> tuple[Any, Any, Any]:
        """(a, k, W)."""
        a, k, weights = np.split(theta, [self.visible, self.visible + self.hidden])
        return a, k, weights.reshape(self.hidden, self.visible)

    def cost(self, points: Array) -> Cost:
        """Return the family on bits, (N, n)."""
        return _FreeEnergy(self, np.asarray(points, dtype=np.float64))

    def log_partition(self, theta: Array) -> float:
        """Return log Z by summing the visible bits out."""
        return boltzmann_log_partition(*self.split(theta))

    def log_partition_gradient(self, theta: Array) -> Array:
        """(E[v], E[h], E[h vᵀ]), (d,)."""
        return np.concatenate([part.ravel() for part in boltzmann_moments(*self.split(theta))])


@dataclass(frozen=True)
class TanhNetwork:
    """E(x) = w·tanh(Ax + k) + w₀: one hidden layer of H units; θ = (A (H, n) by rows, k (H,), w (H,), w₀)."""

    inputs: int
    hidden: int

    @property
    def variables(self) -> int:
        """n."""
        return self.inputs

    @property
    def parameters(self) -> int:
        """d."""
        return self.hidden * (self.inputs + 2) + 1

    def split(self, theta: npt.NDArray[Any]) -> tuple[Any, Any, Any, Any]:
        """(A, k, w, w₀)."""
        first = self.hidden * self.inputs
        weights, k, w, w_0 = np.split(theta, [first, first + self.hidden, first + 2 * self.hidden])
        return weights.reshape(self.hidden, self.inputs), k, w, w_0[0]

    def cost(self, points: Array) -> Cost:
        """Return the family on vectors, (N, n)."""
        return _NetworkEnergy(self, np.asarray(points, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class _FreeEnergy:
    machine: BoltzmannMachine
    points: Array

    def value(self, theta: Array) -> Array:
        """E, (N,); complex where θ is."""
        a, _, _ = self.machine.split(theta)
        return np.asarray(-self.points @ a - _softplus(self._inputs(theta)).sum(axis=1))

    def gradient(self, theta: Array) -> Array:
        """E', (N, d)."""
        slopes = np.einsum("nj,njk->nk", sigmoid(self._inputs(theta)), self._input_slopes())
        slopes[:, : self.machine.visible] += self.points
        return np.asarray(-slopes)

    def hessian(self, theta: Array) -> Array:
        """E'', (N, d, d)."""
        inputs, slopes = self._inputs(theta), self._input_slopes()
        return np.asarray(-np.einsum("nj,njk,njl->nkl", sigmoid(inputs) * sigmoid(-inputs), slopes, slopes))

    def _inputs(self, theta: Array) -> Array:
        """k + Wv, (N, H)."""
        _, k, weights = self.machine.split(theta)
        return np.asarray(self.points @ weights.T + k)

    def _input_slopes(self) -> Array:
        """∂(k + Wv)/∂θ, (N, H, d)."""
        machine = self.machine
        after = machine.visible + machine.hidden
        slopes = np.zeros((len(self.points), machine.hidden, machine.parameters))
        for unit in range(machine.hidden):
            slopes[:, unit, machine.visible + unit] = 1.0
            first = after + unit * machine.visible
            slopes[:, unit, first : first + machine.visible] = self.points
        return slopes


@dataclass(frozen=True, eq=False)
class _NetworkEnergy:
    network: TanhNetwork
    points: Array

    def value(self, theta: Array) -> Array:
        """E, (N,); complex where θ is."""
        _, _, w, w_0 = self.network.split(theta)
        return np.asarray(np.tanh(self._inputs(theta)) @ w + w_0)

    def gradient(self, theta: Array) -> Array:
        """E', (N, d)."""
        _, _, w, _ = self.network.split(theta)
        units = np.tanh(self._inputs(theta))
        slopes = np.einsum("nj,njk->nk", w * (1.0 - units**2), self._input_slopes())
        slopes[:, self._output] += units
        slopes[:, -1] += 1.0
        return np.asarray(slopes)

    def hessian(self, theta: Array) -> Array:
        """E'', (N, d, d)."""
        _, _, w, _ = self.network.split(theta)
        units, slopes = np.tanh(self._inputs(theta)), self._input_slopes()
        bend = np.einsum("nj,njk,njl->nkl", -2.0 * w * units * (1.0 - units**2), slopes, slopes)
        mixed = (1.0 - units**2)[:, :, None] * slopes  # ∂²E/∂w_j∂θ, (N, H, d)
        bend[:, self._output, :] += mixed
        bend[:, :, self._output] += mixed.transpose(0, 2, 1)
        return np.asarray(bend)

    @property
    def _output(self) -> slice:
        """Where w stands in θ."""
        first = self.network.hidden * (self.network.inputs + 1)
        return slice(first, first + self.network.hidden)

    def _inputs(self, theta: Array) -> Array:
        """Ax + k, (N, H)."""
        weights, k, _, _ = self.network.split(theta)
        return np.asarray(self.points @ weights.T + k)

    def _input_slopes(self) -> Array:
        """∂(Ax + k)/∂θ, (N, H, d)."""
        network = self.network
        slopes = np.zeros((len(self.points), network.hidden, network.parameters))
        for unit in range(network.hidden):
            slopes[:, unit, unit * network.inputs : (unit + 1) * network.inputs] = self.points
            slopes[:, unit, network.hidden * network.inputs + unit] = 1.0
        return slopes


def _softplus(x: Array) -> Array:
    """Return log(1 + e^x), of complex x too."""
    right = np.real(x) > 0
    return np.asarray(np.where(right, x, 0.0) + np.log1p(np.exp(np.where(right, -x, x))))
