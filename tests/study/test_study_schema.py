"""The JSON schema of study files, against the checks of the package itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mechlearn.__main__ import main
from mechlearn.study.schema import example_studies, load_study
from mechlearn.study.study_schema import study_schema

SCHEMA = study_schema()
STUDY = """\
source:
  mechanism: h2o2.yaml
  temperature: {temperature}
  pressure: 1 atm
  {initial}: {{fuel: H2, oxidizer: "O2:1, N2:3.76", phi: [0.5, 1]}}
  times: {{end: 1 ms, count: 5}}
learn: {{method: {method}, optimizer: adam, reactions: 3}}
"""
GOOD = {"temperature": "900 degC", "initial": "initial", "method": "network"}
TYPES: dict[str, Any] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def allows(schema: Any, value: Any) -> bool:
    """Whether a schema allows a value, by the words that the schema of a study is made of."""
    if "$ref" in schema:
        return allows(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    number = isinstance(value, bool) and "boolean" not in kinds
    checks = [
        not kinds or (not number and any(isinstance(value, TYPES[kind]) for kind in kinds)),
        value in schema.get("enum", [value]),
        value == schema.get("const", value),
    ]
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices is not None:
        checks.append(any(allows(each, value) for each in choices))
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        checks += [key in value for key in schema.get("required", [])]
        checks += [
            allows(known[key], item) if key in known else others is True or (bool(others) and allows(others, item))
            for key, item in value.items()
        ]
    if isinstance(value, list):
        checks += [allows(schema.get("items", {}), item) for item in value]
    return all(checks)


def allowed(text: str) -> bool:
    return allows(SCHEMA, YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize("name", example_studies())
def test_every_example_is_allowed(name: str) -> None:
    assert allowed(example_studies()[name].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "change",
    [{}, {"temperature": "{from: 900, to: 1500, count: 3}"}, {"temperature": "[900 K, 1000]"}, {"method": "auto"}],
)
def test_what_may_be_written_is_allowed(change: dict[str, str], tmp_path: Path) -> None:
    text = STUDY.format(**GOOD | change)
    (tmp_path / "study.yaml").write_text(text)
    assert load_study(tmp_path / "study.yaml").source is not None
    assert allowed(text)


@pytest.mark.parametrize("change", [{"initial": "inital"}, {"method": "networks"}, {"temperature": "true"}])
def test_unknown_keys_and_words_are_not(change: dict[str, str]) -> None:
    assert not allowed(STUDY.format(**GOOD | change))


def test_init_writes_the_schema_and_a_study_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    for line in ("init robertson -o sub/study.yaml --schema schema.json", "init --schema again.json"):
        with pytest.raises(SystemExit) as end:
            main(line.split())
        assert not end.value.code
    assert json.loads(Path("schema.json").read_text()) == SCHEMA == json.loads(Path("again.json").read_text())
    text = Path("sub/study.yaml").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../schema.json"
    assert load_study("sub/study.yaml").source == load_study(example_studies()["robertson"]).source
    described = SCHEMA["$defs"]["Source"]["properties"]["times"]["description"]
    assert described == "``none`` gives the initial states alone."
