"""The outcome of a validation as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import listed
from .validation_result import Validation


def validation_text(validation: Validation) -> str:
    """The outcome as aligned text: the error of each species, the ten worst deviations, and the sentence."""
    blocks = []
    if validation.simulated:
        rows = [(name, f"{error:.2e}") for name, error in validation.per_species.items()]
        if validation.temperature_errors:
            rows.append(("temperature", f"{max(validation.temperature_errors.values()):.2e}"))
        blocks.append(_table(("species", "largest error"), rows))
        worst = [(e.run, e.species, f"{e.time:.4g}", f"{e.error:.2e}") for e in validation.worst()]
        blocks.append(_table(("run", "species", "time [s]", "error"), worst))
    lines = _other_quantities(validation)
    if lines:
        blocks.append("\n".join(lines))
    if validation.ignition_delay:
        delays = [
            (name, f"{d.data:.4g}", "none" if d.simulated is None else f"{d.simulated:.4g}", f"{d.error:.2e}")
            for name, d in validation.ignition_delay.items()
        ]
        blocks.append(
            _table(("run", f"ignition delay [s], {validation.ignition_definition}", "simulated [s]", "error"), delays)
        )
    if validation.conservation:
        drift = ", ".join(f"{element} {change:.1e}" for element, change in validation.conservation.items())
        blocks.append(f"Change of the elements along the runs: {drift}")
    for reason in dict.fromkeys(validation.failures.values()):
        names = [name for name, why in validation.failures.items() if why == reason]
        blocks.append(f"Not integrated: {listed(names)}: {reason}")
    return "\n\n".join([*blocks, validation.message]) + "\n"


def _other_quantities(validation: Validation) -> list[str]:
    formats = {
        "final_state": "Final state: largest error {:.2e}",
        "pressure": "Pressure: largest error {:.2e}",
        "heat_release": "Heat release: largest error {:.2e}",
        "energy": "Change of the energy along the runs: {:.1e}",
        "reduced_chi_squared": "Reduced chi squared: {:.3g}",
    }
    largest = validation.largest
    lines = [text.format(largest[name]) for name, text in formats.items() if largest[name] is not None]
    groups = {"inside": validation.where(inside=True), "beyond": validation.where(inside=False)}
    for place, names in groups.items() if groups["beyond"] else ():
        worst = max((validation.per_run[name] for name in names), default=0.0)
        lines.append(f"Runs {place} the conditions learnt from: {len(names)}, largest error {worst:.2e}")
    return lines


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = []
    for first, *rest in [head, tuple("-" * width for width in widths), *rows]:
        cells = [first.ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
