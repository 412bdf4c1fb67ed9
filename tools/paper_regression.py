"""Section 2 of the paper: y = c₁ x^θ₁ + c₂ x^θ₂ with |c₁| ≪ |c₂|, integers θ sought by Adam, with and without freezing.

Many starts are fitted side by side. When a start's loss has stopped falling, an exponent within 0.05 of an integer is
fixed there and the search goes on with the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root

Array = NDArray[np.float64]

SAMPLES = 1000
EPSILON = 0.05
CHECK_EVERY = 1000
FOUND = 1e-3


@dataclass(frozen=True)
class Problem:
    """Coefficients, true exponents and samples x in (0, 1)."""

    c: tuple[float, float]
    theta: tuple[int, int]
    x: Array

    @property
    def y(self) -> Array:
        """The data."""
        return self.c[0] * self.x ** self.theta[0] + self.c[1] * self.x ** self.theta[1]

    def loss_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Mean squared error, shape (B,), and equation (2.3), shape (B, 2), for exponents of shape (B, 2)."""
        logs = np.log(self.x)
        powers = np.array(self.c)[:, None] * np.exp(theta[:, :, None] * logs)
        residual = powers.sum(axis=1) - self.y
        gradient = 2 * np.einsum("bn,bjn->bj", residual, powers * logs) / len(self.x)
        return np.mean(residual**2, axis=1), gradient


def problem(ratio: float = 100.0, theta: tuple[int, int] = (1, 2), seed: int = 0) -> Problem:
    """The paper's: c₁ = 1, c₂ = ratio, x from U(0, 1)."""
    return Problem((1.0, ratio), theta, np.random.default_rng(seed).uniform(0, 1, SAMPLES))


def adam(
    task: Problem, starts: int, epochs: int, *, freezing: bool, rate: float = 1e-4, seed: int = 0, follow: int = 0
) -> dict[str, Any]:
    """Full-batch Adam from θ in (−1, 1), as the paper has it.

    Returns the final exponents, which starts found the true ones, the losses, and the history of the start to follow.
    """
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-1, 1, (starts, 2))
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    frozen = np.zeros(theta.shape, dtype=bool)
    age = np.zeros((starts, 1))
    last = np.full(starts, np.inf)
    history: list[list[float]] = []
    scale = np.mean(task.y**2)
    for epoch in range(epochs):
        loss, gradient = task.loss_and_gradient(theta)
        if epoch % 100 == 0:
            history.append([epoch, float(loss[follow]), *theta[follow].tolist()])
        gradient = np.where(frozen, 0.0, gradient)
        age += 1
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        step = first / (1 - 0.9**age) / (np.sqrt(second / (1 - 0.999**age)) + 1e-8)
        theta = np.where(frozen, theta, theta - rate * step)
        if freezing and epoch % CHECK_EVERY == CHECK_EVERY - 1:
            stalled = (loss > 0.99 * last) & (loss > 1e-14 * scale)
            last = loss
            near = (np.abs(theta - np.rint(theta)) <= EPSILON) & ~frozen & stalled[:, None]
            near[near.all(axis=1), 0] = False
            theta = np.where(near, np.rint(theta), theta)
            frozen |= near
            changed = near.any(axis=1)
            first[changed], second[changed], age[changed], last[changed] = 0.0, 0.0, 0.0, np.inf
    found = np.abs(theta - np.array(task.theta)).max(axis=1) < FOUND
    return {"theta": theta, "found": found, "history": np.array(history), "loss": task.loss_and_gradient(theta)[0]}


def levenberg_marquardt(
    task: Problem, starts: int, *, freezing: bool, steps: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Damped Gauss–Newton steps; with freezing, what is stuck is drawn anew from (−1, 3), and a wrong exponent thawed.

    Returns the final exponents, which starts found the true ones, and the mean number of steps that those took.
    """
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-1, 1, (starts, 2))
    frozen = np.zeros(theta.shape, dtype=bool)
    damping = np.full(starts, 1e-2)
    still, taken = np.zeros(starts), np.full(starts, np.nan)
    logs, scale = np.log(task.x), np.mean(task.y**2)
    loss = task.loss_and_gradient(theta)[0]
    for step in range(steps):
        slopes = np.array(task.c)[:, None] * np.exp(theta[:, :, None] * logs)
        residual = slopes.sum(axis=1) - task.y
        slopes = np.where(frozen[:, :, None], 0.0, slopes * logs)
        hessian = np.einsum("bin,bjn->bij", slopes, slopes)
        diagonal = np.maximum(np.einsum("bii->bi", hessian), 1e-300)
        hessian = hessian + (damping[:, None] * diagonal)[:, :, None] * np.eye(2)
        gradient = np.einsum("bin,bn->bi", slopes, residual)
        change = np.where(frozen, 0.0, -np.linalg.solve(hessian, gradient[..., None])[..., 0]).clip(-1, 1)
        tried = task.loss_and_gradient(theta + change)[0]
        better = tried < loss
        still = np.where(better & (tried < 0.99 * loss), 0, still + 1)
        theta, loss = np.where(better[:, None], theta + change, theta), np.where(better, tried, loss)
        damping = np.where(better, damping / 3, damping * 4).clip(1e-12, 1e12)
        solved = loss < 1e-20 * scale
        taken = np.where(solved & np.isnan(taken), step + 1, taken)
        if solved.all():
            break
        if freezing:
            stuck = (still >= 10) & ~solved
            near = (np.abs(theta - np.rint(theta)) <= EPSILON) & ~frozen & stuck[:, None]
            near[near.all(axis=1), 0] = False
            wrong = stuck & ~near.any(axis=1)
            frozen = np.where(wrong[:, None] & (generator.random(starts) < 0.3)[:, None], False, frozen | near)
            theta = np.where(near, np.rint(theta), theta)
            drawn = generator.uniform(-1, 3, theta.shape)
            theta = np.where(stuck[:, None] & ~frozen, drawn, theta)
            loss = task.loss_and_gradient(theta)[0]
            still, damping = np.where(stuck, 0, still), np.where(stuck, 1e-2, damping)
    found = np.abs(theta - np.array(task.theta)).max(axis=1) < FOUND
    return {"theta": theta, "found": found, "steps": float(np.nanmean(taken)) if found.any() else None}


def local_minimum(task: Problem) -> tuple[float, float]:
    """The minimum that a start right of the true θ₁ runs into, to the last digits."""

    def gradient(theta: Array) -> Array:
        return np.asarray(task.loss_and_gradient(theta[None])[1][0])

    fit = root(gradient, np.array([3.8, 1.975]), tol=1e-12)
    return float(fit.x[0]), float(fit.x[1])
