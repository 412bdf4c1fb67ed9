"""The study file: one YAML text with everything that a study needs → a checked record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.reader import ReaderError

from ..data.trajectories import Reactor
from ..discovery.settings import Adam, LevenbergMarquardt, Search
from ..errors import StudyError
from ..files import example_studies as example_studies
from ..formats.yaml_bounds import excess
from ..reduction.settings import SECTIONS, Reduce
from ..simulation.settings import INITIAL_CONDITIONS, Perturb, Source, Times
from ..simulation.synthetic_noise import SyntheticNoise
from ..uncertainty.settings import UncertaintySettings
from ..units import STRICT, Kelvin, Names, Pascal
from ..validation.settings import Criteria, MeasurementNoise, Validate


def _one_or_more(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{value!r} is not the name of a file, nor a list of them")
    return tuple(names)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Study:
    """Where the data come from, what to look for in them, and how to assess it.

    Parameters
    ----------
    source : Source, optional
        A mechanism to simulate; either this or ``data``.
    data : tuple of str
        Files of runs, relative to the study file.
    mechanism, phase, reactor, basis, temperature, pressure
        With ``data``: what the files do not say themselves, as the options of `read_csv` [K], [Pa].
    complete : tuple of str
        Species that were not measured, to be worked out from the elements; they start at zero.
    learn : Search
    validate : Validate
    uncertainty : UncertaintySettings
    reduce : Reduce, optional
        What `mechlearn reduce` keeps, and how closely.
    path : Path, optional
        The file that the study was read from.

    Examples
    --------
    >>> Study(data="runs.csv").data
    ('runs.csv',)
    """

    source: Source | None = None
    data: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_one_or_more)] = ()
    mechanism: str = ""
    phase: str = ""
    reactor: Reactor | Literal["stirred", "plug-flow"] = ""
    basis: Literal["", "concentration", "mole-fraction", "mass-fraction", "moles"] = ""
    temperature: Kelvin | None = None
    pressure: Pascal | None = None
    complete: Names | tuple[()] = ()
    learn: Search = field(default_factory=Search)
    validate: Validate = field(default_factory=Validate)
    uncertainty: UncertaintySettings = field(default_factory=UncertaintySettings)
    reduce: Reduce | None = None
    path: Path | None = field(default=None, compare=False)

    @model_validator(mode="after")
    def _one_origin(self) -> Study:
        if (self.source is None) == (not self.data):
            raise ValueError("a study has either `source:`, to be simulated, or `data:`, one or more files of runs")
        of_data = ("mechanism", "phase", "reactor", "basis", "temperature", "pressure")
        astray = [key for key in of_data if getattr(self, key)]
        if self.source is not None and astray:
            raise ValueError(f"`{astray[0]}:` beside `source:` has no effect; move it under `source:`")
        return self

    @property
    def folder(self) -> Path:
        """Where relative paths start: the folder of the study file."""
        return self.path.parent if self.path is not None else Path()


_SECTIONS: dict[tuple[str, ...], tuple[Any, ...]] = {
    (): (Study,),
    ("source",): (Source,),
    ("source", "initial"): INITIAL_CONDITIONS,
    ("source", "times"): (Times,),
    ("source", "perturb"): (Perturb,),
    ("source", "noise"): (SyntheticNoise,),
    ("learn",): (Search,),
    ("learn", "optimizer"): (LevenbergMarquardt, Adam),
    ("validate",): (Validate,),
    ("validate", "criteria"): (Criteria,),
    ("validate", "noise"): (MeasurementNoise,),
    ("uncertainty",): (UncertaintySettings,),
    **SECTIONS,
}

RECORDS = tuple(dict.fromkeys(record for records in _SECTIONS.values() for record in records))
"""All records of which a study is made."""
_MISSING = ("missing", "missing_argument", "missing_keyword_only_argument")


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : str or Path
        A YAML file in UTF-8.

    Raises
    ------
    StudyError
        If the file cannot be read, is not YAML, or holds an unknown key or a bad value; the one message lists every
        error with its line.
    """
    path = Path(path)
    values, root = parsed(path)
    for section in ("learn", "validate", "uncertainty"):
        if values.get(section, ...) is None:
            del values[section]
    faults: list[tuple[int, str]] = []
    if "path" in values:
        faults.append((_line(root, ("path",)), _unknown_key(("path",))))
        del values["path"]
    try:
        study = TypeAdapter(Study).validate_python(values | {"path": path})
    except ValidationError as error:
        found: dict[tuple[str, ...], list[ErrorDetails]] = {}
        for item in error.errors(include_url=False):
            found.setdefault(_keys(item, values), []).append(item)
        faults += [(_line(root, keys), _sentence(items, keys)) for keys, items in found.items()]
    if not faults:
        return study
    raise StudyError("\n".join(f"{path}, line {line}: {text}" for line, text in sorted(dict.fromkeys(faults))))


def with_overrides(study: Study, settings: Mapping[str, Any]) -> Study:
    """The same study with other settings, named by dotted keys.

    Raises
    ------
    StudyError
        If a key is unknown or a value is not allowed.

    Examples
    --------
    >>> with_overrides(Study(data="runs.csv"), {"learn.seed": 3, "validate.tolerance": 1e-6}).learn.seed
    3
    """

    def changed(record: Any, keys: list[str], value: Any) -> Any:
        if not is_dataclass(record) or keys[0] not in {item.name for item in fields(record)}:
            raise StudyError(f"Setting {_unknown_key(tuple(dotted.split('.')))}")
        if len(keys) > 1:
            value = changed(getattr(record, keys[0]), keys[1:], value)
        return replace(record, **{keys[0]: value})  # type: ignore[type-var]

    for dotted, value in settings.items():
        try:
            study = changed(study, dotted.split("."), value)
        except ValidationError as error:
            items = error.errors(include_url=False)
            raise StudyError(f"Setting {_sentence(items, tuple(dotted.split('.')))}") from None
    return study


def text_of(path: Path) -> str:
    """The text of a file, or why it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise StudyError(f"{path}, line {line}: this is not text in UTF-8. A study is a YAML file.") from None
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}. Give the path of a study file.") from None


def parsed(path: Path) -> tuple[dict[str, Any], Node]:
    """The values of a file, and its nodes, which know their lines."""
    text = text_of(path)
    found = excess(text)
    if found:
        raise StudyError(f"{path}: {found}. Write the study out; it needs no more than a page.")
    try:
        values = YAML(typ="safe", pure=True).load(text)
        root = YAML(typ="rt").compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark is not None else ""
        problem = str(error.problem or error.context).splitlines()[0]
        raise StudyError(f"{path}{where}: this is not valid YAML: {problem}.") from None
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise StudyError(f"{path}, line {line}: this is not a text file. A study is a YAML file.") from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise StudyError(f"{path}: this is not valid YAML: {str(error).strip().splitlines()[0]}.") from None
    if values is None:
        raise StudyError(f"{path}, line 1: the file is empty. `mechlearn init` writes a study to start from.")
    if not isinstance(values, dict):
        raise StudyError(
            f"{path}, line {root.start_mark.line + 1}: a study is a map of keys such as `source:`, but this is "
            f"{'a list' if isinstance(values, list) else 'a single value'}. `mechlearn init` writes one to start from."
        )
    for keys in _keys_that_are_not_text(values):
        raise StudyError(
            f"{path}, line {_line(root, keys)}: the key {keys[-1]!r} is not text. Put it in quotation marks."
        )
    return values, root


def _keys_that_are_not_text(values: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in values.items() if isinstance(values, dict) else ():
        if not isinstance(key, str):
            yield (*above, key)
        yield from _keys_that_are_not_text(value, (*above, key))


def _keys(item: ErrorDetails, values: Any) -> tuple[str, ...]:
    """Keys of the file that lead to an error; pydantic's location without the names of alternatives."""
    keys: list[str] = []
    for part in item["loc"]:
        if isinstance(values, dict) and part in values:
            values = values[part]
            keys.append(str(part))
    return (*keys, str(item["loc"][-1])) if item["type"] in _MISSING else tuple(keys)


def _line(root: Node, keys: tuple[Any, ...]) -> int:
    """Line of the last key that the file has."""
    line, node = int(root.start_mark.line) + 1, root
    for key in keys:
        pairs = node.value if isinstance(node, MappingNode) else []
        found = next(((name, value) for name, value in pairs if str(name.value) == str(key)), None)
        if found is None:
            break
        line, node = int(found[0].start_mark.line) + 1, found[1]
    return line


def _sentence(items: list[ErrorDetails], keys: tuple[str, ...]) -> str:
    """One sentence for what is wrong at one key; several items are the alternatives that were tried there."""
    item = items[0]
    name, kind, given = ".".join(keys), item["type"], item["input"]
    if kind in ("unexpected_keyword_argument", "unexpected_positional_argument"):
        return _unknown_key(keys)
    if kind in _MISSING:
        return f"{name} is missing."
    if kind == "dataclass_type":
        message = f"this is a map of keys, not {given!r}"
    elif kind == "value_error":
        message = str(item["ctx"]["error"])
    elif kind in ("model_attributes_type", "union_tag_invalid", "union_tag_not_found"):
        message = "this is neither 'levenberg-marquardt' nor 'adam', nor a map with one of them as `name:`"
    else:
        expected = [other["msg"].removeprefix("Input should be ") for other in items]
        shown = str(given).lower() if isinstance(given, bool) else repr(given)
        message = f"{'this' if isinstance(given, dict | list) else shown} is not {' or '.join(dict.fromkeys(expected))}"
        if isinstance(given, str) and given in _FORMER and repr(_FORMER[given]) in message:
            message += f"; did you mean {_FORMER[given]!r}?"
    return f"{name}{': ' if name else ''}{message}{'' if message.endswith(('.', '?')) else '.'}"


_FORMER = {
    "bath": "diluent",
    "beyond": "extrapolation",
    "library": "candidates",
    "limits": "criteria",
    "lumps": "global_reactions",
    "spot_checks": "verification_points",
}
"""Names of keys and values in older studies, and what they are now."""


def _unknown_key(keys: tuple[str, ...]) -> str:
    section, key = keys[:-1], keys[-1]
    allowed = _allowed(section)
    close = [_FORMER[key]] if _FORMER.get(key) in allowed else get_close_matches(key.lower(), allowed, n=1)
    elsewhere = [".".join(other) for other in _SECTIONS if other != section and key in _allowed(other)]
    if elsewhere:
        advice = f"it belongs {' or '.join(f'under `{other}:`' if other else 'at the top' for other in elsewhere)}."
    elif close:
        advice = f"did you mean `{close[0]}`?"
    else:
        advice = f"allowed here: {', '.join(allowed)}."
    return f"{'.'.join(keys)}: unknown key; {advice}"


def _allowed(section: tuple[str, ...]) -> list[str]:
    names = [item.name for record in _SECTIONS.get(section, ()) for item in fields(record)]
    return [name for name in dict.fromkeys(names) if section or name != "path"]
