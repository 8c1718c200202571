"""The edge's HTTP API as an OpenAPI 3.1 document: GeoReport v2, the form's API, and providers' webhooks.

Printed by `python -m services.intake.openapi`, served at `/openapi.json`, kept in `docs/openapi.json`.
"""

from typing import Any

from fastapi import FastAPI

from services.intake.openapi import contacts, georeport

WORDS = """\
Everything a program may ask the edge of a citizen solution centre.

- **GeoReport v2** (`/open311/v2`): the standard's own resources, in XML and JSON. A posted report is answered with a
  token; the token becomes the number of the request within moments.
- **Contacts** (`/api/contacts`): the citizen's form, for sites and apps that need no more.
- **Webhooks** (`/webhooks/{provider}`): where providers of channels knock; each signs as its own documents say.

What was accepted is safe: it was confirmed by the broker, or stored. 503 means that nothing was taken: send the same
again, with the same Idempotency-Key or submission_id.
"""


def document() -> dict[str, Any]:
    """The whole document; the same on every call and in every installation."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "İLKİM edge", "version": "1", "description": WORDS, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("open311", "contacts", "webhooks")],
        "paths": {**georeport.paths(), **contacts.paths()},
        "components": {
            "securitySchemes": {
                "keyHeader": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
                "keyParameter": {"type": "apiKey", "in": "query", "name": "api_key"},
            },
            "schemas": {**georeport.SCHEMAS, **contacts.schemas()},
        },
    }


def serve(web: FastAPI) -> None:
    """Answer `/openapi.json` with it."""
    made = document()
    web.openapi = lambda: made  # type: ignore[method-assign]
