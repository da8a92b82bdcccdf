"""Recurrent networks of two units as dynamical systems: steps, flows, Jacobians, fixed points and their stability.

States are `[…, 2]`, float64. A map goes h ← φ(Wh + b), a flow dh/dt = φ(Wh + b) − h, with φ = tanh; without φ the map is h ← Wh + b and
the flow dh/dt = Wh + b. Sources: the course's notes, RNNs as Dynamical Systems; Sussillo & Barak 2013 (fixed points by Newton's method).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

KINDS = ("RNN", "linear map", "RNN flow", "linear flow")
LARGEST = 1e3  # where a state that runs away is held
State = Float[np.ndarray, "... 2"]


@dataclass(frozen=True)
class System:
    """A system in the plane; `slopes`: whether φ′ is in the Jacobian, as it must be."""

    kind: str
    w: Float[np.ndarray, "2 2"]
    b: Float[np.ndarray, "2"]
    slopes: bool = True

    @property
    def flows(self) -> bool:
        """Whether time runs on without steps."""
        return self.kind.endswith("flow")

    @property
    def bends(self) -> bool:
        """Whether there is a tanh."""
        return self.kind.startswith("RNN")

    def inside(self, h: State) -> State:
        """φ(Wh + b)."""
        sums = h @ self.w.T + self.b
        return np.tanh(sums) if self.bends else sums

    def velocity(self, h: State) -> State:
        """Where a state goes: dh/dt of a flow, the whole next jump of a map."""
        return self.inside(h) - h if self.bends or not self.flows else self.inside(h)

    def step(self, h: State, dt: float = 0.1) -> State:
        """One step of a map, or `dt` of a flow by Runge & Kutta's fourth order."""
        if not self.flows:
            return self.inside(h).clip(-LARGEST, LARGEST)
        k1 = self.velocity(h)
        k2 = self.velocity(h + dt / 2 * k1)
        k3 = self.velocity(h + dt / 2 * k2)
        k4 = self.velocity(h + dt * k3)
        return (h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)).clip(-LARGEST, LARGEST)

    def jacobian(self, h: Float[np.ndarray, "2"]) -> Float[np.ndarray, "2 2"]:
        """By hand: of the next state for a map, diag(1 − tanh²) W; of the velocity for a flow, with − 1 for the leak."""
        slope = 1 - np.tanh(self.w @ h + self.b) ** 2 if self.bends and self.slopes else np.ones(2)
        inner = slope[:, None] * self.w
        return inner - np.eye(2) if self.flows and self.bends else inner

    def is_stable(self, h: Float[np.ndarray, "2"]) -> bool:
        """Whether small deviations from a fixed point die out: |λ| < 1 of a map, Re λ < 0 of a flow."""
        found = eigenvalues(self.jacobian(h))
        return bool((found.real < 0).all() if self.flows else (abs(found) < 1).all())

    def fixed_points(self) -> Float[np.ndarray, "k 2"]:
        """Every state that stays: by solving, or by Newton's method from a grid."""
        if not self.bends:
            matrix = self.w if self.flows else self.w - np.eye(2)
            return np.empty((0, 2)) if abs(np.linalg.det(matrix)) < 1e-9 else np.linalg.solve(matrix, -self.b)[None]
        axis = np.linspace(-1, 1, 13)
        h = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
        for _ in range(40):
            out = self.inside(h)
            matrix = np.eye(2) - (1 - out**2)[:, :, None] * self.w
            safe = abs(np.linalg.det(matrix)) > 1e-12
            h[safe] -= np.linalg.solve(matrix[safe], (h - out)[safe, :, None])[..., 0]
            h = h.clip(-1.5, 1.5)
        still = h[abs(h - self.inside(h)).max(1) < 1e-10]
        return still[np.unique(still.round(5), axis=0, return_index=True)[1]]


def eigenvalues(matrix: Float[np.ndarray, "2 2"]) -> np.ndarray:
    """λ = τ/2 ± √(τ²/4 − Δ), from trace τ and determinant Δ. Two complex numbers."""
    half, determinant = np.trace(matrix) / 2, matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
    root = np.sqrt(complex(half * half - determinant))
    return np.array([half + root, half - root])


def solved(system: System, start: Float[np.ndarray, "2"], time: Float[np.ndarray, "t"]) -> Float[np.ndarray, "t 2"]:
    """A linear system's states at these times in closed form: W^t, or e^{Wt}, around the fixed point."""
    from scipy.linalg import expm, fractional_matrix_power

    rest = system.fixed_points()
    centre = rest[0] if len(rest) else np.zeros(2)
    grow = (lambda t: expm(t * system.w)) if system.flows else (lambda t: fractional_matrix_power(system.w, round(t)))
    return np.array([centre + grow(float(t)) @ (start - centre) for t in time]).real
