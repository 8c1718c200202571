"""The form's API and the providers' webhooks in the OpenAPI document."""

from http import HTTPStatus
from typing import Any, Final

from services.intake.web import Accepted, FormMessage, Status

Part = dict[str, Any]
PROBLEM: Final = "application/problem+json"
_REF: Final = "#/components/schemas/{model}"


def paths() -> dict[str, Part]:
    """Both, with every answer."""
    return {
        "/api/contacts": {"post": _submit()},
        "/api/contacts/{submission_id}": {"get": _status()},
        "/webhooks/{provider}": {"get": _challenge(), "post": _webhook()},
    }


def schemas() -> dict[str, Part]:
    """As the models check them."""
    found: dict[str, Part] = {}
    for model in (FormMessage, Accepted, Status):
        schema = model.model_json_schema(ref_template=_REF)
        found |= schema.pop("$defs", {})
        found[model.__name__] = schema
    fields = {"type": "string", "title": "string", "detail": "string", "status": "integer"}
    found["Problem"] = {
        "type": "object",
        "description": "RFC 9457",
        "required": list(fields),
        "properties": {name: {"type": kind} for name, kind in fields.items()},
    }
    return found


def _submit() -> Part:
    return {
        "tags": ["contacts"],
        "operationId": "writeToTheCentre",
        "summary": "Write to the centre",
        "description": "Answered when the message is safe. The same submission_id makes one contact, however often.",
        "security": [{}, {"keyHeader": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "the same key and body: the same receipt, for a day",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9._-]+$"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model="FormMessage")}}},
        },
        "responses": {
            "202": _json("Accepted", "It is safe; its number comes within moments at status_url."),
            **_problems(400, 403, 409, 413, 422, 429, 503),
        },
    }


def _status() -> Part:
    schema = {"type": "string", "format": "uuid"}
    return {
        "tags": ["contacts"],
        "operationId": "whatBecameOfIt",
        "summary": "Numbers and replies so far",
        "parameters": [{"name": "submission_id", "in": "path", "required": True, "schema": schema}],
        "responses": {
            "200": _json("Status", "Registered."),
            "202": _json("Status", "Still on its way."),
            **_problems(404, 422, 503),
        },
    }


def _challenge() -> Part:
    return {
        "tags": ["webhooks"],
        "operationId": "challenge",
        "summary": "A provider tries the address",
        "parameters": [_provider()],
        "responses": {"200": _any("What the provider wants to hear."), **_problems(400, 401, 403, 404, 405)},
    }


def _webhook() -> Part:
    return {
        "tags": ["webhooks"],
        "operationId": "webhook",
        "summary": "A provider brings messages",
        "description": "Signed as the provider's own documents say, over the bytes as they are sent.",
        "parameters": [_provider()],
        "requestBody": {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        "responses": {"200": _any("Safe."), **_problems(400, 401, 403, 404, 405, 413, 503)},
    }


def _provider() -> Part:
    schema = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"}
    return {"name": "provider", "in": "path", "required": True, "schema": schema, "example": "whatsapp"}


def _json(model: str, words: str) -> Part:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": _REF.format(model=model)}}}}


def _any(words: str) -> Part:
    return {"description": words, "content": {"*/*": {"schema": {"type": "string"}}}}


def _problems(*statuses: int) -> Part:
    content = {PROBLEM: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": content,
            **({"headers": {"Retry-After": {"schema": {"type": "integer"}}}} if status in (409, 429, 503) else {}),
        }
        for status in statuses
    }
