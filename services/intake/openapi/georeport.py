"""GeoReport v2 in the OpenAPI document: each resource with `.xml`, with `.json`, and by the Accept header."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.intake.open311.bodies import BODY_BYTES_MAX, FILES_MAX
from services.intake.open311.query import PAGES_MAX, REQUESTS_MAX
from services.intake.open311.report import DESCRIPTION_LETTERS_MAX

Part = dict[str, Any]
V2: Final = "/open311/v2"
XML: Final = "text/xml; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
DATE: Final = "2026-05-24T00:00:00Z"
_STRING: Final[Part] = {"type": "string"}
_MAYBE: Final[Part] = {"type": ["string", "null"]}
_MOMENT: Final[Part] = {"type": ["string", "null"], "format": "date-time"}

_ERRORS: Final[Mapping[int, str]] = {
    400: "Not as described; every fault is told.",
    403: "The API key is missing, unknown, revoked, expired or not good for this.",
    404: "No such service, request, token, jurisdiction or resource.",
    409: "The first request of this Idempotency-Key is still being answered.",
    413: f"Larger than {BODY_BYTES_MAX // 1024 // 1024} MiB.",
    422: "This Idempotency-Key was used with another body.",
    429: "Too many requests with this key; Retry-After says when to come again.",
    503: "Not now: nothing was taken. Retry-After says when to come again.",
}


def _object(**fields: Part) -> Part:
    return {"type": "object", "required": list(fields), "properties": fields, "additionalProperties": False}


def _list(member: Part) -> Part:
    return {"type": "array", "items": member}


_VALUE: Final = _object(key=_STRING, name=_STRING)
_ATTRIBUTE: Final = _object(
    variable={"type": "boolean"},
    code=_STRING,
    datatype={"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
    required={"type": "boolean"},
    datatype_description=_MAYBE,
    order={"type": "integer", "minimum": 1},
    description=_STRING,
)
_NOTE: Final = _object(datetime=_MOMENT, description=_STRING, type=_STRING)
_ENDPOINT: Final = _object(
    specification=_STRING,
    url=_STRING,
    changeset=_STRING,
    type={"enum": ["production", "test"]},
    formats=_list(_STRING),
)
_REQUEST: Final = _object(
    service_request_id=_STRING,
    status={"enum": ["open", "closed"]},
    status_notes=_MAYBE,
    service_name=_MAYBE,
    service_code=_MAYBE,
    description=_MAYBE | {"description": "null unless the municipality publishes masked descriptions"},
    agency_responsible=_MAYBE,
    service_notice=_MAYBE,
    requested_datetime=_MOMENT,
    updated_datetime=_MOMENT | {"description": "when this server learned of the last change"},
    expected_datetime=_MOMENT,
    address=_MAYBE | {"description": "street and neighbourhood; never a door"},
    address_id=_MAYBE | {"description": "the neighbourhood's official id"},
    zipcode=_MAYBE,
    lat={"type": ["number", "null"], "description": "rounded to about a hundred metres"},
    long={"type": ["number", "null"]},
    media_url=_MAYBE | {"description": "always null: citizens' photos are not published"},
)

SCHEMAS: Final[Mapping[str, Part]] = {
    "Discovery": _object(changeset=_STRING, contact=_STRING, key_service=_STRING, endpoints=_list(_ENDPOINT)),
    "Services": _list(
        _object(
            service_code=_STRING,
            service_name=_STRING,
            description=_STRING,
            metadata={"type": "boolean"},
            type={"const": "batch"},
            keywords=_STRING,
            group=_STRING,
        )
    ),
    "ServiceDefinition": _object(
        service_code=_STRING,
        attributes=_list({**_ATTRIBUTE, "properties": {**_ATTRIBUTE["properties"], "values": _list(_VALUE)}}),
    ),
    "Requests": _list({**_REQUEST, "properties": {**_REQUEST["properties"], "notes": _list(_NOTE)}}),
    "Receipt": _list(_object(token=_STRING, service_notice=_MAYBE, account_id=_MAYBE)),
    "TokenRequests": _list(_object(service_request_id=_MAYBE, token=_STRING)),
    "Errors": _list(_object(code={"type": "integer"}, description=_STRING)),
}


def paths() -> dict[str, Part]:
    """Every resource in its three forms."""
    code = _in_path("code", "service_code", r"^[a-z0-9][a-z0-9_-]{0,62}$", "sokak-aydinlatma")
    number = _in_path("number", "service_request_id", r"^\d{3}-?\d{3}-?\d{3}$", "482-715-936")
    token = _in_path("token", "the token of a posted report", r"^[0-9a-f]{48}$", "0" * 48)
    extensions = _query("extensions", _STRING, "`true` adds `notes`: each step of the request")
    found: dict[str, Part] = {}
    for path, name, words, schema, parameters, statuses in (
        ("/open311/discovery", "discovery", "Where this interface is", "Discovery", [], ()),
        (f"{V2}/discovery", "v2Discovery", "Where this interface is", "Discovery", [], ()),
        (f"{V2}/services", "services", "What can be reported", "Services", [], ()),
        (f"{V2}/services/{{code}}", "service", "What is asked of a service", "ServiceDefinition", [code], ()),
        (f"{V2}/requests", "requests", "What became of public requests", "Requests", _filters(extensions), (400,)),
        (f"{V2}/requests/{{number}}", "request", "What became of one", "Requests", [number, extensions], ()),
        (f"{V2}/tokens/{{token}}", "token", "The number of a posted report", "TokenRequests", [token], ()),
    ):
        for suffix, kinds in ((".xml", (XML,)), (".json", (JSON,)), ("", (XML, JSON))):
            operation = {
                "tags": ["open311"],
                "operationId": name + suffix.title().replace(".", ""),
                "summary": words,
                "parameters": [*parameters, *_common()],
                "responses": _answers(schema, kinds, (*statuses, 404, 503), cached=True),
            }
            found[path + suffix] = {"get": operation}
            if path == f"{V2}/requests":
                found[path + suffix]["post"] = _post(suffix, kinds)
    return found


def _post(suffix: str, kinds: Sequence[str]) -> Part:
    form = _report_form()
    files = {"media": {**_list({"type": "string", "format": "binary"}), "maxItems": FILES_MAX}}
    multipart = {**form, "properties": {**form["properties"], **files}}
    return {
        "tags": ["open311"],
        "operationId": "report" + suffix.title().replace(".", ""),
        "summary": "Report something",
        "description": (
            "Answered when the report is safe, with a token that becomes its number. Location is one of lat and long,"
            " address_string, address_id. The key may stand in the form, as the standard says, in the address, or in"
            " a header. Contact ways that are none are passed over. A media_url is fetched from trusted hosts"
            " alone, else it is kept as words."
        ),
        "security": [{"keyHeader": []}, {"keyParameter": []}],
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "the same key and body: the same receipt, for a day",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9._-]+$"},
                "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
            },
            *_common(),
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {"schema": form},
                "multipart/form-data": {"schema": multipart},
            },
        },
        "responses": _answers("Receipt", kinds, tuple(_ERRORS), cached=False),
    }


def _report_form() -> Part:
    properties: Part = {
        "api_key": _STRING,
        "jurisdiction_id": _STRING,
        "service_code": {"type": "string", "example": "sokak-aydinlatma"},
        "lat": {"type": "number", "minimum": -90, "maximum": 90, "example": 41.2867},
        "long": {"type": "number", "minimum": -180, "maximum": 180, "example": 36.33},
        "address_string": {"type": "string", "maxLength": 1000},
        "address_id": {"type": "string", "description": "code of a street or neighbourhood in the address registry"},
        "description": {"type": "string", "maxLength": DESCRIPTION_LETTERS_MAX},
        "media_url": {"type": "string", "maxLength": 2000},
        "lang": {"type": "string", "description": "tr or en"},
        **dict.fromkeys(("email", "phone", "first_name", "last_name", "device_id", "account_id"), _STRING),
    }
    return {
        "type": "object",
        "required": ["service_code"],
        "properties": properties,
        "additionalProperties": {"type": "string", "description": "attribute[code] and attribute[code][]"},
    }


def _filters(extensions: Part) -> list[Part]:
    date = {"type": "string", "format": "date-time", "example": DATE}
    return [
        _query("service_request_id", _STRING, "numbers, divided by commas; overrides everything else"),
        _query("service_code", _STRING, "codes, divided by commas"),
        _query("start_date", date, "requests made from then on; at most 90 days, the last ones unless asked"),
        _query("end_date", date, "requests made until then"),
        _query("status", {"type": "string", "pattern": "^(open|closed)(,(open|closed))*$"}, "open, closed or both"),
        _query("updated_after", date, "changed since; then in the order of changes, so that pages stay whole"),
        _query("updated_before", date, "changed until then"),
        _query("page", {"type": "integer", "minimum": 1, "maximum": PAGES_MAX}, "from 1"),
        _query("page_size", {"type": "integer", "minimum": 1, "maximum": REQUESTS_MAX}, "1,000 unless asked"),
        extensions,
    ]


def _common() -> list[Part]:
    return [
        _query("jurisdiction_id", _STRING, "may be left out: one municipality answers here"),
        _query("lang", _STRING, "tr or en; else the Accept-Language header decides"),
    ]


def _query(name: str, schema: Part, words: str) -> Part:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _in_path(name: str, words: str, pattern: str, example: str) -> Part:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "path", "required": True, "description": words, "schema": schema, "example": example}


def _answers(schema: str, kinds: Sequence[str], statuses: Sequence[int], *, cached: bool) -> Part:
    answers: Part = {"200": {"description": "As asked.", "content": _content(schema, kinds)}}
    if cached:
        answers["200"]["headers"] = {"ETag": {"schema": _STRING, "required": True}}
        answers["304"] = {"description": "As in the answer you have (If-None-Match)."}
    for status in sorted(statuses):
        answers[str(status)] = {"description": _ERRORS[status], "content": _content("Errors", kinds)}
        if status in (429, 503):
            answers[str(status)]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "required": True}}
    return answers


def _content(schema: str, kinds: Sequence[str]) -> Part:
    """XML holds the same by the standard's element names; OpenAPI has no schema for it that tools would check."""
    shapes = {XML: _STRING, JSON: {"$ref": f"#/components/schemas/{schema}"}}
    return {kind: {"schema": shapes[kind]} for kind in kinds}
