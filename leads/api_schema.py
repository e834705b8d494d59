"""The OpenAPI document of the intake API, read for its reference page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ANY_DEPTH = Mapping[str, Any]
NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One field: what it holds in words. needed: whether, and when, it can't be left out; "": it
    can.
    """

    name: str
    type: str
    needed: str
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    fields: list[FieldEntry]


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    summary: str
    description: str
    parameters: list[FieldEntry]
    body: list[FieldEntry]
    answers: list[Answer]


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON schema with each of its own `$defs` written out where it is used."""
    definitions = schema.get("$defs", {})

    def written_out(node: Any) -> Any:
        if isinstance(node, list):
            return [written_out(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return written_out(definitions[node["$ref"].rpartition("/")[2]])
        return {name: written_out(each) for name, each in node.items() if name != "$defs"}

    found = written_out(schema)
    assert isinstance(found, dict)
    return found


def operations(document: ANY_DEPTH) -> Iterator[Operation]:
    """Return the operations of an OpenAPI document, in its order."""
    models = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            yield Operation(
                method=method.upper(),
                path=path,
                summary=details["summary"],
                description=details.get("description", ""),
                parameters=[_parameter(each) for each in details["parameters"]],
                body=_fields(_content(details.get("requestBody", {})), models),
                answers=[
                    Answer(str(status), _about(answer, models), _fields(_content(answer), models))
                    for status, answer in details["responses"].items()
                ],
            )


def _parameter(details: ANY_DEPTH) -> FieldEntry:
    return FieldEntry(
        name=details["name"],
        type=f"{details['in']}, {_type(details['schema'])}",
        needed=NEEDED if details["required"] else "",
        description=details.get("description") or details["schema"].get("description", ""),
    )


def _content(details: ANY_DEPTH) -> ANY_DEPTH:
    content: ANY_DEPTH = details.get("content", {}).get("application/json", {})
    schema: ANY_DEPTH = content.get("schema", {})
    return schema


def _resolved(schema: ANY_DEPTH, models: ANY_DEPTH) -> ANY_DEPTH:
    found: ANY_DEPTH = models[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def _about(answer: ANY_DEPTH, models: ANY_DEPTH) -> str:
    about = _resolved(_content(answer), models).get("description", "")
    return f"{answer['description']}. {about}"


def _fields(schema: ANY_DEPTH, models: ANY_DEPTH, *, within: str = "") -> list[FieldEntry]:
    """Return the fields of an object, each followed by those of the objects that it is a list of.

    within: what their names begin with: "activities[]."
    """
    model = _resolved(schema, models)
    fields: list[FieldEntry] = []
    for name, details in model.get("properties", {}).items():
        needed = _needed(name, model)
        about = details.get("description", "")
        fields.append(FieldEntry(f"{within}{name}", _type(details), needed, about))
        if details.get("type") == "array":
            fields += _fields(details["items"], models, within=f"{within}{name}[].")
    return fields


def _needed(name: str, model: ANY_DEPTH) -> str:
    if name in model.get("required", []):
        return NEEDED
    enough = [each["required"] for each in model.get("anyOf", []) if "required" in each]
    others = [each for names in enough for each in names if each != name]
    return f"needed, or {' or '.join(others)}" if [name] in enough else ""


def _type(schema: ANY_DEPTH) -> str:
    """Return the type of a field in words: text of at most 200 characters, list of …"""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("format") == "date-time":
        return "instant with its zone"
    if "maxLength" in schema:
        return f"text of at most {schema['maxLength']} characters"
    kind = schema.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    return " or ".join("text" if each == "string" else str(each) for each in kinds)
