"""openapi - holds real answers against docs/openapi.yaml"""

import functools
import pathlib
import re

import jsonschema
import yaml

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


@functools.lru_cache(maxsize=None)
def document():
    return yaml.load(DOCUMENT.read_text(), Loader=yaml.CSafeLoader)


def resolve(node):
    """Follows $ref inside the document."""
    while isinstance(node, dict) and "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@functools.lru_cache(maxsize=None)
def patterns():
    found = []
    for template, item in document()["paths"].items():
        # A slug has two letters at least and is not api; a firm's home page and webhooks may have a slash at their end.
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template.replace("{slug}", "(?!api/)[^/]{2,}"))
        slash = "/?" if template == "/{slug}" or template.startswith("/api/webhook/") else ""
        found.append((re.compile(pattern + slash), item))
    return found


def path_item(path):
    path = path.split("?")[0]
    return next((item for pattern, item in patterns() if pattern.fullmatch(path)), None)


def inline(schema):
    """The schema with every $ref replaced, so that any validator reads it."""
    schema = resolve(schema)
    if isinstance(schema, dict):
        return {k: inline(v) for k, v in schema.items()}
    if isinstance(schema, list):
        return [inline(v) for v in schema]
    return schema


_validators = {}


def validator(schema):
    """Made once for each schema of the document, which stays where it is."""
    if id(schema) not in _validators:
        _validators[id(schema)] = jsonschema.Draft202012Validator(inline(schema))
    return _validators[id(schema)]


def check(method, path, answer):
    """An answer has a documented status, type and shape; where nothing is documented, nothing is there."""
    item = path_item(path)
    if item is None:
        assert answer.status_code >= 300, f"{method} {path} is not in docs/openapi.yaml: {answer.text[:300]}"
        return
    operation = item.get(method.lower())
    if operation is None:  # a method that is not there; cron routes ask for the secret first
        assert answer.status_code in (401, 405), (method, path, answer.status_code)
        return
    response = operation["responses"].get(str(answer.status_code))
    assert response is not None, f"{method} {path}: {answer.status_code} is not in docs/openapi.yaml: {answer.text[:300]}"
    content = resolve(response).get("content")
    if not content:
        return
    kind = answer.headers.get("Content-Type", "").split(";")[0]
    assert kind in content, f"{method} {path}: {kind} is not in docs/openapi.yaml"
    if kind.endswith("json"):
        validator(content[kind]["schema"]).validate(answer.json())
