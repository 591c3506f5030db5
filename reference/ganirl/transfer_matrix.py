"""Exact Z without enumeration, in the log domain: chains by transfer matrix, two layers by summing one out.

A chain of T sites with K values each has Z = Σ_x Π_t e^{s_t(x_t)} Π_t e^{g_t(x_t, x_{t+1})}: a product of T
matrices instead of a sum over K^T points (Kramers and Wannier 1941). A grid is a chain of its rows, with
K = 2^columns values each. All is kept as logs, so that no coupling is too large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .logspace import log_sum_exp, sigmoid, softplus

Array = npt.NDArray[np.float64]

SPINS = np.array([-1.0, 1.0])
SPINS.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Chain:
    """Variables x_1 … x_T, each coupled to the next: log weight Σ_t s_t(x_t) + Σ_t g_t(x_t, x_{t+1}).

    Attributes
    ----------
    sites : T arrays s_t, (K_t,)
    bonds : g_t, (K_t, K_{t+1}): T − 1 of them, or T, of which the last couples x_T to x_1 and closes a ring

    Raises
    ------
    ValueError
        If there is no site, or the shapes do not fit each other.
    """

    sites: tuple[Array, ...]
    bonds: tuple[Array, ...]

    def __post_init__(self) -> None:
        count = len(self.sites)
        if count == 0 or len(self.bonds) not in (count - 1, count):
            raise ValueError(
                f"a chain of {count} sites has {count - 1} bonds, or {count} if closed, not {len(self.bonds)}"
            )
        for index, bond in enumerate(self.bonds):
            shape = (len(self.sites[index]), len(self.sites[(index + 1) % count]))
            if bond.shape != shape:
                raise ValueError(f"bond {index} must be of shape {shape}, not {bond.shape}")

    @property
    def closed(self) -> bool:
        """Whether it is a ring."""
        return len(self.bonds) == len(self.sites)

    def log_partition(self) -> float:
        """Return log Z."""
        if self.closed:
            return float(log_sum_exp(np.array([opened.log_partition() for opened in self._opened()])))
        return float(log_sum_exp(self._forward()[-1]))

    def site_marginals(self) -> tuple[Array, ...]:
        """P(x_t), T arrays (K_t,)."""
        if self.closed:
            return self._mixed([opened.site_marginals() for opened in self._opened()])
        log_z, forward, backward = self.log_partition(), self._forward(), self._backward()
        return tuple(np.exp(f + back - log_z) for f, back in zip(forward, backward, strict=True))

    def bond_marginals(self) -> tuple[Array, ...]:
        """P(x_t, x_{t+1}), an array (K_t, K_{t+1}) a bond."""
        if self.closed:
            opened = self._opened()
            inner = [each.bond_marginals() for each in opened]
            return (*self._mixed(inner), self._closing_marginal(opened))
        log_z, forward, backward = self.log_partition(), self._forward(), self._backward()
        onward = [site + back for site, back in zip(self.sites, backward, strict=True)]
        return tuple(
            np.exp(forward[t][:, None] + bond + onward[t + 1] - log_z) for t, bond in enumerate(self.bonds)
        )

    def log_conditionals(self) -> tuple[Array, ...]:
        """Log P(x_1), (1, K_1), then log P(x_{t+1}|x_t), (K_t, K_{t+1}): the chain as its own exact sampler.

        Raises
        ------
        ValueError
            If the chain is a ring, where x_{t+1} depends on x_1, too.
        """
        if self.closed:
            raise ValueError("on a ring the next variable depends on the first one, too")
        backward = self._backward()
        first = (self.sites[0] + backward[0] - self.log_partition())[None, :]
        later = (
            bond + self.sites[t + 1] + backward[t + 1] - backward[t][:, None]
            for t, bond in enumerate(self.bonds)
        )
        return (first, *later)

    def _forward(self) -> list[Array]:
        """Log weight of all beginnings that end in x_t, site t included."""
        messages = [self.sites[0]]
        for site, bond in zip(self.sites[1:], self.bonds, strict=True):
            messages.append(site + log_sum_exp(messages[-1][:, None] + bond, axis=0))
        return messages

    def _backward(self) -> list[Array]:
        """Log weight of all that may follow x_t, site t not included."""
        messages = [np.zeros(len(self.sites[-1]))]
        for site, bond in zip(self.sites[:0:-1], self.bonds[::-1], strict=True):
            messages.append(log_sum_exp(bond + site + messages[-1], axis=1))
        return messages[::-1]

    def _opened(self) -> list[Chain]:
        """A ring as open chains, one for each value of x_1, which the last site then knows."""
        chains = []
        for value in range(len(self.sites[0])):
            pinned = np.full(len(self.sites[0]), -np.inf)
            pinned[value] = 0.0
            sites = [self.sites[0] + pinned, *self.sites[1:]]
            sites[-1] = sites[-1] + self.bonds[-1][:, value]
            chains.append(replace(self, sites=tuple(sites), bonds=self.bonds[:-1]))
        return chains

    def _shares(self) -> Array:
        """P(x_1) of a ring."""
        logs = np.array([opened.log_partition() for opened in self._opened()])
        return np.asarray(np.exp(logs - log_sum_exp(logs)))

    def _mixed(self, marginals: list[tuple[Array, ...]]) -> tuple[Array, ...]:
        shares = self._shares()
        return tuple(
            np.asarray(sum(share * part for share, part in zip(shares, parts, strict=True)))
            for parts in zip(*marginals, strict=True)
        )

    def _closing_marginal(self, opened: list[Chain]) -> Array:
        """P(x_T, x_1)."""
        columns = zip(self._shares(), opened, strict=True)
        return np.stack([share * each.site_marginals()[-1] for share, each in columns], axis=1)


def ising_chain(coupling: npt.ArrayLike, field: npt.ArrayLike) -> Chain:
    """Return the chain of −E = Σ_i J_i x_i x_{i+1} + Σ_i f_i x_i over spins x_i = ±1, value 0 being −1.

    Parameters
    ----------
    coupling : (n − 1,), or (n,) for a ring
    field : (n,)
    """
    strengths, fields = np.asarray(coupling, dtype=np.float64), np.asarray(field, dtype=np.float64)
    return Chain(
        tuple(each * SPINS for each in fields), tuple(each * np.outer(SPINS, SPINS) for each in strengths)
    )


def ising_grid(right: npt.ArrayLike, down: npt.ArrayLike, field: npt.ArrayLike) -> Chain:
    """Return an Ising grid as the chain of its rows; a row of C spins has 2^C values.

    Parameters
    ----------
    right : (R, C − 1), couplings of neighbours in a row
    down : (R − 1, C), couplings of neighbours in a column
    field : (R, C)
    """
    across, along = np.asarray(right, dtype=np.float64), np.asarray(down, dtype=np.float64)
    fields = np.asarray(field, dtype=np.float64)
    rows = spin_words(fields.shape[1])
    beside = rows[:, 1:] * rows[:, :-1]
    return Chain(
        tuple(rows @ fields[r] + beside @ across[r] for r in range(len(fields))),
        tuple((rows * strength) @ rows.T for strength in along),
    )


def spin_words(count: int) -> Array:
    """All 2^n words of n spins ±1, (2^n, n), in the order of the binary numbers, −1 standing for 0."""
    return np.asarray(SPINS[binary_words(count)])


def binary_words(count: int) -> npt.NDArray[np.int64]:
    """All 2^n words of n bits, (2^n, n), in order."""
    return np.asarray((np.arange(2**count)[:, None] >> np.arange(count - 1, -1, -1)) & 1)


def boltzmann_log_partition(visible_bias: Array, hidden_bias: Array, weights: Array) -> float:
    """Log Z of a restricted Boltzmann machine with bits, from its 2^H hidden words alone.

    −E(v, h) = a·v + k·h + hᵀWv, so that Σ_v factorises: Z = Σ_h e^{k·h} Π_i (1 + e^{a_i + (hᵀW)_i}).

    Parameters
    ----------
    visible_bias, hidden_bias, weights : a (n,), k (H,), W (H, n)
    """
    return float(log_sum_exp(_hidden_log_weights(visible_bias, hidden_bias, weights)))


def boltzmann_moments(visible_bias: Array, hidden_bias: Array, weights: Array) -> tuple[Array, Array, Array]:
    """E[v] (n,), E[h] (H,), E[h vᵀ] (H, n) of a restricted Boltzmann machine: ∂log Z in a, k and W."""
    logs = _hidden_log_weights(visible_bias, hidden_bias, weights)
    words = binary_words(len(hidden_bias)).astype(np.float64)
    chance = np.exp(logs - log_sum_exp(logs))
    visible = sigmoid(visible_bias + words @ weights)
    return chance @ visible, chance @ words, (words * chance[:, None]).T @ visible


def _hidden_log_weights(visible_bias: Array, hidden_bias: Array, weights: Array) -> Array:
    words = binary_words(len(hidden_bias))
    return np.asarray(words @ hidden_bias + softplus(visible_bias + words @ weights).sum(axis=1))
