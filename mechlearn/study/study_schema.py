"""The JSON schema of a study file, by which editors complete its keys and check them as they are typed."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from .schema import RECORDS, Study

_PARAMETERS = re.compile(r"Parameters\n-+\n(.*?)(?:\n\n\S|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(\w[\w, ]*)(?: : .*)?\n((?: {4}.*\n?)+)", re.MULTILINE)
_WRITTEN = {"type": ["number", "string", "array", "object"]}
"""What may stand for a value that is worked out when the file is read: a unit, a range, a mixture as text."""


class _AsWritten(GenerateJsonSchema):
    """Of values that are worked out before they are checked: what they become, or whatever is written."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        return {"anyOf": [self.generate_inner(schema["schema"]), _WRITTEN]}


def study_schema() -> dict[str, Any]:
    """The schema of a study file, with what the records' docstrings say of each key.

    Examples
    --------
    >>> schema = study_schema()
    >>> schema["properties"]["learn"], schema["$defs"]["Search"]["properties"]["catalysts"]["type"]
    ({'$ref': '#/$defs/Search'}, 'boolean')
    """
    schema = TypeAdapter(Study).json_schema(schema_generator=_AsWritten)
    del schema["properties"]["path"]
    described = {"Study": schema, **schema["$defs"]}
    for each in described.values():
        each["description"] = each.get("description", "").split("\n\n")[0]
    for kind in RECORDS:
        for key, text in _descriptions(kind).items():
            entry = described.get(kind.__name__, {}).get("properties", {}).get(key)
            if entry is not None:
                entry["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "mechlearn study"}


def _descriptions(kind: type) -> dict[str, str]:
    found = _PARAMETERS.search(inspect.getdoc(kind) or "")
    entries = _ENTRY.findall(found[1] + "\n") if found else []
    return {name.strip(): " ".join(text.split()) for names, text in entries for name in names.split(",")}
