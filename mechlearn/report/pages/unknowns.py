"""What the data cannot tell, in sentences."""

from __future__ import annotations

from typing import Any

import numpy as np

from .page import span_text
from .reaction_rows import WEAK
from .subject import Subject

MAX_NAMED = 6


def what_is_unknown(subject: Subject) -> list[str]:
    """Sentences on what the mechanism was not, or could not be, held against."""
    findings = (subject.summary.get("sampling") or {}).get("findings") or []
    sampling = [f"{each['text']} {each['advice']}".strip() for each in findings]
    return [*sampling, *_reach(subject), *_rates(subject), *_species(subject), *_checks(subject)]


def _reach(subject: Subject) -> list[str]:
    first = [run for run in subject.runs.runs if not run.parent]
    kelvin = np.array([run.temperature[0] for run in first])
    bar = np.array([run.pressure[0] for run in first]) / 1e5
    every = np.concatenate([run.temperature for run in subject.runs.runs])
    sentences = []
    if np.any(np.isfinite(every)):
        if np.nanmax(every) - np.nanmin(every) <= 1.0:
            sentences.append(
                f"All data are at {span_text(every, 'K')}: how rate constants depend on temperature is not known."
            )
        else:
            sentences.append(
                f"Runs start at {span_text(kelvin, 'K')} and {span_text(bar, 'bar')}, and temperatures reach "
                f"{span_text(every, 'K')}. Beyond that the mechanism is an extrapolation."
            )
    validation = subject.validation
    if validation is None or not validation.extrapolated:
        return sentences
    inside, outside = validation.where(inside=True), validation.where(inside=False)
    if not outside:
        sentences.append(
            f"All {len(inside)} runs simulated again start inside the conditions learnt from. "
            "How the mechanism does beyond them was not tried."
        )
    else:
        why = dict.fromkeys(reason for name in outside for reason in validation.extrapolated[name])
        worst = max(validation.per_run[name] for name in outside)
        sentences.append(
            f"{len(outside)} of {len(inside) + len(outside)} runs start beyond the conditions learnt from "
            f"({_named(list(why))}); their largest error is {worst:.2g}."
        )
    return sentences


def _rates(subject: Subject) -> list[str]:
    summary = subject.summary
    entries = summary.get("reactions", [])
    sentences = []
    weak = [entry["equation"] for entry in entries if (entry.get("contribution") or 1.0) < WEAK]
    if weak:
        sentences.append(f"Hardly detectable, since little of any species passes through them: {_named(weak)}.")
    sentences += [each["text"] for each in (summary.get("unidentified") or [])[:MAX_NAMED]]
    bound = (summary.get("uncertainty") or {}).get("bound") or []
    for pair in bound[:MAX_NAMED]:
        (i, one), (j, other) = pair["between"]
        sentences.append(
            f"The {one} rate constant of {entries[i]['equation']} and the {other} one of {entries[j]['equation']} are "
            f"known together better than each alone (correlation {pair['correlation']:.2f})."
        )
    resampled = summary.get("bootstrap") or {}
    others = [f"{each['equation']} ({100 * each['support']:.0f} %)" for each in resampled.get("others", [])]
    if others:
        sentences.append(f"In some of {resampled['resamples']} halves of the runs these came up too: {_named(others)}.")
    undetermined = (summary.get("alternatives") or {}).get("undetermined") or []
    if undetermined:
        sentences.append(f"The data do not tell what these make: {_named(list(undetermined))}.")
    return sentences


def _species(subject: Subject) -> list[str]:
    histories = [run.concentrations for run in subject.runs.runs if run.is_time_history]
    if not histories:
        return []
    data = np.concatenate(histories)
    least = 1e-12 * float(np.nanmax(np.abs(data), initial=1e-288))
    measured = zip(subject.runs.species_names, (values[~np.isnan(values)] for values in data.T), strict=True)
    still = [name for name, values in measured if values.size and np.ptp(values) <= least]
    if not still:
        return []
    return [f"These do not change in the data, so that nothing is known of their reactions: {_named(still)}."]


def _checks(subject: Subject) -> list[str]:
    validation, sentences = subject.validation, []
    if validation is None:
        return ["No run could be simulated again, so that nothing is validated."]
    if not validation.held_out:
        sentences.append("No run was held out: how well the mechanism predicts what it has not seen is not known.")
    if validation.failures:
        sentences.append(f"Not simulated again: {_named(list(validation.failures))}.")
    adiabatic = any(run.reactor in ("constant-volume", "constant-pressure") for run in subject.assessed.runs)
    if not validation.ignition_delay:
        sentences.append(
            f"No run ignites ({validation.ignition_definition}) in its time: ignition delays are not known."
            if adiabatic
            else "The runs are isothermal: ignition delays were not looked at."
        )
    if validation.chi_squared is None:
        sentences.append(
            "How noisy the concentrations are is not known (validate: noise:), so there is no chi squared."
        )
    return sentences


def _named(names: list[Any]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(map(str, names[:MAX_NAMED])) + (f" and {more} more" if more > 0 else "")
