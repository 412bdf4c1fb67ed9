"""Section 2 of the paper: y = c₁ x^θ₁ + c₂ x^θ₂ with |c₁| ≪ |c₂|, integers θ sought with freezing and without.

Many starts are fitted side by side, by Adam as in the paper or by Levenberg–Marquardt steps. The gradient (2.3) says
that the exponent of the large coefficient must be nearly right wherever the search comes to rest, so that is frozen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import root

Array = NDArray[np.float64]

SAMPLES = 1000
EPSILON = 0.1
"""Distance to an integer within which an exponent is frozen. The paper has 0.05, which suffices for its own exponents
(1, 2); with (2, 5) and ratio 100 the local minimum is 0.08 away from 5."""
CHECK_EVERY = 1000
"""Adam's epochs between two looks."""
FOUND = 1e-3
MOST_EPOCHS = 200_000
"""The slowest starts need 1.6e5 at the paper's learning rate: Adam remembers their first gradients, which are huge."""
QUIET = 20
"""Looks without movement after which a start rests: by then Adam has forgotten the first gradients."""
SOLVED = 1e-10
"""Loss in units of c₁² at which an exponent is right to about 1e-4."""


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
        logs = torch.from_numpy(np.log(self.x))
        terms = [torch.exp(torch.from_numpy(theta[:, j : j + 1]) * logs).mul_(self.c[j]) for j in (0, 1)]
        residual = terms[0] + terms[1] - torch.from_numpy(self.y)
        loss = (residual**2).mean(1)
        residual *= logs
        gradient = torch.stack([(term * residual).mean(1) for term in terms], dim=1).mul_(2)
        return np.asarray(loss.numpy()), np.asarray(gradient.numpy())


def problem(ratio: float = 100.0, theta: tuple[int, int] = (1, 2), seed: int = 0) -> Problem:
    """The paper's: c₁ = 1, c₂ = ratio, x from U(0, 1)."""
    return Problem((1.0, ratio), theta, np.random.default_rng(seed).uniform(0, 1, SAMPLES))


def success(
    ratio: float, theta: tuple[int, int], optimizer: str, freezing: bool, starts: int, rate: float
) -> dict[str, Any]:
    """How many random starts find the exponents, as a cell of the results."""
    task = problem(ratio, theta)
    started = time.process_time()
    if optimizer == "adam":
        run = adam(task, starts, freezing=freezing, rate=rate)
    else:
        run = levenberg_marquardt(task, starts, freezing=freezing)
    ends, counts = np.unique(run["theta"][~run["found"]].round(2), axis=0, return_counts=True)
    stuck = sorted(zip(counts.tolist(), ends.tolist(), strict=True), reverse=True)[:3]
    return {
        "example": "regression",
        "optimizer": optimizer,
        "freezing": freezing,
        "reactions": 2,
        "noise": 0.0,
        "noise_law": "gaussian",
        "seeds": starts,
        "exact": int(run["found"].sum()),
        "confident_wrong": int((~run["found"] & (run["loss"] < SOLVED)).sum()),
        "worst_rate_error": dict.fromkeys(("median", "p05", "p95")),
        "prediction_error": None,
        "seconds": {"median": (time.process_time() - started) / starts},
        "published": "found" if freezing else "stuck at (3.8286, 1.9745)" if ratio == 100 else "the same as ratio 100",
        "ratio": ratio,
        "exponents": list(theta),
        "learning_rate": rate if optimizer == "adam" else None,
        "steps": run["steps"],
        "stuck": [f"({first:g}, {second:g}): {count}" for count, (first, second) in stuck],
        "found": run["found"].tolist(),
        "history": run.get("history"),
    }


def adam(task: Problem, starts: int, *, freezing: bool, rate: float, seed: int = 0) -> dict[str, Any]:
    """Full-batch Adam from θ in (−1, 1), as the paper has it, until a start has found its end or rests.

    Returns the final exponents and losses, which starts found the true ones, the median of the epochs that those took,
    and of each start the history of epoch, loss and exponents.
    """
    theta = np.random.default_rng(seed).uniform(-1, 1, (starts, 2))
    history: list[list[list[float]]] = [[] for _ in range(starts)]
    end, last_epoch = theta.copy(), np.zeros(starts)
    first, second, before = np.zeros_like(theta), np.zeros_like(theta), theta.copy()
    frozen, age, last = np.zeros(theta.shape, dtype=bool), np.zeros((starts, 1)), np.full(starts, np.inf)
    alive: NDArray[np.int64] = np.arange(starts)
    quiet: Array = np.zeros(starts)
    for epoch in range(1, MOST_EPOCHS + 1):
        loss, gradient = task.loss_and_gradient(theta)
        gradient = np.where(frozen, 0.0, gradient)
        age += 1
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        step = first / (1 - 0.9**age) / (np.sqrt(second / (1 - 0.999**age)) + 1e-8)
        theta = np.where(frozen, theta, theta - rate * step)
        if epoch % CHECK_EVERY:
            continue
        for start, at, values in zip(alive.tolist(), loss.tolist(), theta.tolist(), strict=True):
            history[start].append([epoch, at, *values])
        changed = np.zeros(len(theta), dtype=bool)
        if freezing:
            theta, frozen, changed = _freeze(
                task, theta, frozen, (loss > 0.99 * last) & (loss > SOLVED * task.c[0] ** 2)
            )
            first[changed], second[changed], age[changed] = 0.0, 0.0, 0.0
        moves = (np.abs(theta - before).max(axis=1) > rate) | (loss < 0.99 * last) | changed
        quiet = np.where(moves, 0, quiet + 1)
        last, before = np.where(changed, np.inf, loss), theta.copy()
        end[alive], last_epoch[alive] = theta, epoch
        keep = (quiet < QUIET) & (loss > SOLVED * task.c[0] ** 2)
        if not keep.any():
            break
        alive, frozen = alive[keep], frozen[keep]
        theta, first, second, before = theta[keep], first[keep], second[keep], before[keep]
        age, last, quiet = age[keep], last[keep], quiet[keep]
    return _outcome(task, end, last_epoch) | {"history": history}


def _freeze(
    task: Problem, theta: Array, frozen: NDArray[np.bool_], stalled: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Fix the exponent of the larger coefficient where it is near an integer; exponents, frozen ones, who changed."""
    large = np.zeros_like(frozen)
    large[:, int(np.argmax(np.abs(task.c)))] = True
    new = large & (np.abs(theta - np.rint(theta)) <= EPSILON) & ~frozen & stalled[:, None]
    changed: NDArray[np.bool_] = np.any(new, axis=1)
    return np.where(new, np.rint(theta), theta), frozen | new, changed


def _outcome(task: Problem, theta: Array, steps: Array) -> dict[str, Any]:
    found = np.abs(theta - np.array(task.theta)).max(axis=1) < FOUND
    median = float(np.median(steps[found])) if found.any() else None
    return {"theta": theta, "found": found, "loss": task.loss_and_gradient(theta)[0], "steps": median}


def levenberg_marquardt(
    task: Problem, starts: int, *, freezing: bool, steps: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Damped Gauss–Newton steps; with freezing, what is stuck is drawn anew from (−1, 3), and a wrong exponent thawed.

    Returns the final exponents and losses, which starts found the true ones, and the median of the steps of those.
    """
    generator = np.random.default_rng(seed)
    theta = generator.uniform(-1, 1, (starts, 2))
    frozen = np.zeros(theta.shape, dtype=bool)
    damping = np.full(starts, 1e-2)
    still, taken = np.zeros(starts), np.full(starts, float(steps))
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
        taken = np.where(solved, np.minimum(taken, step + 1), taken)
        if solved.all() or (not freezing and (still >= 50).all()):
            break
        if freezing:
            stuck = (still >= 10) & ~solved
            theta, frozen, near = _freeze(task, theta, frozen, stuck)
            frozen &= ~((stuck & ~near) & (generator.random(starts) < 0.3))[:, None]
            drawn = generator.uniform(-1, 3, theta.shape)
            theta = np.where(stuck[:, None] & ~frozen, drawn, theta)
            loss = task.loss_and_gradient(theta)[0]
            still, damping = np.where(stuck, 0, still), np.where(stuck, 1e-2, damping)
    return _outcome(task, theta, taken)


def local_minimum(task: Problem) -> tuple[float, float]:
    """The minimum that a start right of the true θ₁ runs into, to the last digits."""

    def gradient(theta: Array) -> Array:
        return np.asarray(task.loss_and_gradient(theta[None])[1][0])

    fit = root(gradient, np.array([3.8, 1.975]), tol=1e-12)
    return float(fit.x[0]), float(fit.x[1])
