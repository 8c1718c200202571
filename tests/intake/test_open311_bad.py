"""What no honest app sends: each bad input gets its clear refusal in the standard's form, and nothing is fetched."""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from aiohttp import web

from tests.harness import System
from tests.intake.open311 import A_REPORT, Answer, Client, a_key

FORM: Final = "application/x-www-form-urlencoded"
LAUGHS: Final = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><l>&i;</l>"
)


def xxe(entity: str) -> str:
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x {entity}>]><r><description>&x;</description></r>'


@pytest.fixture
async def client(system: System, edge_url: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield Client(session, edge_url, await a_key(system))


def is_refusal(answer: Answer, *statuses: int) -> bool:
    """Errors as the standard has them, with words for a person."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = answer.xml
    return root.tag == "errors" and all(row.find("code").text and row.find("description").text for row in root)


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in A_REPORT.items() if name not in names}


PLACES: Final[dict[str, dict[str, str]]] = {
    "none": without("lat", "long"),
    "lat alone": without("long"),
    "long alone": without("lat"),
    "empty": A_REPORT | {"lat": "", "long": ""},
    "zero": A_REPORT | {"lat": "0", "long": "0"},
    "zero with fractions": A_REPORT | {"lat": "0.0", "long": "-0.000"},
    "swapped": A_REPORT | {"lat": "36.33", "long": "41.2867"},
    "outside Türkiye": A_REPORT | {"lat": "48.85", "long": "2.35"},
    "the other hemisphere": A_REPORT | {"lat": "-41.28", "long": "36.33"},
    "beyond the pole": A_REPORT | {"lat": "91", "long": "36.33"},
    "beyond the date line": A_REPORT | {"lat": "41.28", "long": "181"},
    "huge": A_REPORT | {"lat": "1e308", "long": "1e309"},
    "not a number": A_REPORT | {"lat": "NaN", "long": "36.33"},
    "infinite": A_REPORT | {"lat": "inf", "long": "-inf"},
    "words": A_REPORT | {"lat": "kuzey", "long": "doğu"},
    "hexadecimal": A_REPORT | {"lat": "0x29", "long": "0x24"},
    "degrees and minutes": A_REPORT | {"lat": "41°17'", "long": "36°20'"},
    "comma": A_REPORT | {"lat": "41,2867", "long": "36,33"},
    "both in one": A_REPORT | {"lat": "41.2867,36.33", "long": ""},
    "a list": without("lat", "long") | {"lat[]": "41.28", "long[]": "36.33"},
    "an unknown address_id": without("lat", "long") | {"address_id": "999999999"},
    "an address_id of nonsense": without("lat", "long") | {"address_id": "' OR 1=1 --"},
    "an endless address": without("lat", "long") | {"address_string": "x" * 1_001},
    "spaces for an address": without("lat", "long") | {"address_string": " \t\r\n "},
    "control characters for an address": without("lat", "long") | {"address_string": "\0\x01\x02\u202e"},
}


@pytest.mark.parametrize("fields", PLACES.values(), ids=PLACES)
async def test_a_report_without_a_usable_place_is_refused(client: Client, fields: dict[str, str]) -> None:
    assert is_refusal(await client.post(fields), 400)


SERVICES: Final = {
    "missing": (without("service_code"), 400),
    "empty": (A_REPORT | {"service_code": ""}, 400),
    "spaces": (A_REPORT | {"service_code": "   "}, 400),
    "unknown": (A_REPORT | {"service_code": "006"}, 404),
    "in capitals": (A_REPORT | {"service_code": "SOKAK-AYDINLATMA"}, 404),
    "its name": (A_REPORT | {"service_code": "Sokak aydınlatması"}, 404),
    "a path": (A_REPORT | {"service_code": "../../etc/passwd"}, 404),
    "SQL": (A_REPORT | {"service_code": "x'; DROP TABLE contact; --"}, 404),
    "markup": (A_REPORT | {"service_code": "<script>alert(1)</script>"}, 404),
    "an entity": (A_REPORT | {"service_code": "&lol9;"}, 404),
    "NUL": (A_REPORT | {"service_code": "sokak\0aydinlatma"}, 404),
    "endless": (A_REPORT | {"service_code": "x" * 50_000}, 404),
    "a template": (A_REPORT | {"service_code": "{0.__class__}"}, 404),
    "braces": (A_REPORT | {"service_code": "{code}"}, 404),
}


@pytest.mark.parametrize(("fields", "status"), SERVICES.values(), ids=SERVICES)
async def test_a_service_that_is_none_is_refused(client: Client, fields: dict[str, str], status: int) -> None:
    assert is_refusal(await client.post(fields), status)


CONTENTS: Final = {
    "an endless description": {"description": "x" * 4_001},
    "a javascript address": {"media_url": "javascript:alert(1)"},
    "a file address": {"media_url": "file:///etc/passwd"},
    "a data address": {"media_url": "data:text/html,<script>"},
    "a gopher address": {"media_url": "gopher://127.0.0.1:6379/_FLUSHALL"},
    "no address": {"media_url": "photo.jpg"},
    "an endless address": {"media_url": "https://example.org/" + "x" * 2_000},
    "a choice that is none": {"attribute[ariza]": "patladi"},
    "two choices of one": {"attribute[ariza][0]": "sonuk", "attribute[ariza][1]": "gunduz"},
    "a line too many": {"attribute[direk]": "A\nB"},
    "an endless answer": {"attribute[direk]": "x" * 2_001},
    "a number in words": {"service_code": "yol-bakim", "attribute[cap]": "büyük"},
    "a number of letters": {"service_code": "yol-bakim", "attribute[cap]": "1e999"},
    "a list in a number": {"service_code": "yol-bakim", "attribute[cap][0]": "1", "attribute[cap][1]": "2"},
    "a date without a zone": {"service_code": "cop-toplama", "attribute[ne-zamandan-beri]": "2026-05-24T00:00:00"},
    "a date of no calendar": {"service_code": "cop-toplama", "attribute[ne-zamandan-beri]": "2026-02-30T00:00:00Z"},
    "a date of another age": {"service_code": "cop-toplama", "attribute[ne-zamandan-beri]": "0001-01-01T00:00:00Z"},
    "a choice of several that is none": {"service_code": "agac-budama", "attribute[nedeni][]": "uzay"},
    "another jurisdiction": {"jurisdiction_id": "city.example.org"},
    "a jurisdiction of nonsense": {"jurisdiction_id": "<!ENTITY>"},
}


@pytest.mark.parametrize("changed", CONTENTS.values(), ids=CONTENTS)
async def test_content_that_is_not_as_described_is_refused(client: Client, changed: dict[str, str]) -> None:
    assert is_refusal(await client.post(A_REPORT | changed), 400, 404)


BODIES: Final[dict[str, tuple[str, bytes]]] = {
    "XML": ("text/xml", b"<service_request><service_code>x</service_code></service_request>"),
    "XXE of a file": ("text/xml", xxe('SYSTEM "file:///etc/passwd"').encode()),
    "XXE of a host": ("application/xml", xxe('SYSTEM "http://127.0.0.1:1/"').encode()),
    "XXE of a parameter": ("text/xml", b'<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd"> %p;]><r/>'),
    "XXE of a public id": ("text/xml", xxe('PUBLIC "-//x" "file:///etc/hosts"').encode()),
    "XXE in UTF-16": ("text/xml", xxe('SYSTEM "file:///etc/passwd"').encode("utf-16")),
    "XXE in UTF-7": ("text/xml; charset=utf-7", xxe('SYSTEM "file:///etc/passwd"').encode("utf-7")),
    "XInclude": (
        "text/xml",
        b'<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></r>',
    ),
    "a stylesheet": ("text/xml", b'<?xml-stylesheet href="http://127.0.0.1:1/"?><r/>'),
    "billion laughs": ("text/xml", LAUGHS.encode()),
    "quadratic blowup": ("text/xml", xxe(f'"{"a" * 10_000}"').replace("&x;", "&x;" * 1_000).encode()),
    "JSON": ("application/json", b'{"service_code":"yol-bakim","lat":41.28,"long":36.33}'),
    "broken JSON": ("application/json", b"{"),
    "deep JSON": ("application/json", b"[" * 100_000),
    "SOAP": ("application/soap+xml", b"<Envelope/>"),
    "YAML": ("application/x-yaml", b"!!python/object/apply:os.system ['id']"),
    "plain text": ("text/plain", b"service_code=yol-bakim"),
    "no kind": ("", b"service_code=yol-bakim&lat=41.28&long=36.33"),
    "a kind of nonsense": (";;;", b"service_code=yol-bakim"),
    "an empty form": (FORM, b""),
    "bytes that are no form": (FORM, bytes(range(256))),
    "too many fields": (FORM, b"&".join(b"a%d=1" % number for number in range(101))),
    "only ampersands": (FORM, b"&" * 10_000),
    "a bad escape": (FORM, b"service_code=yol-bakim&lat=%zz&long=%"),
    "UTF-16": (FORM, urlencode(A_REPORT).encode("utf-16")),
    "compressed": (FORM, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    "multipart without a boundary": ("multipart/form-data", b"--x\r\n"),
    "multipart of another boundary": ("multipart/form-data; boundary=a", b"--b\r\n\r\n--b--"),
    "multipart cut off": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="lat"\r\n\r\n4',
    ),
    "multipart without a name": (
        "multipart/form-data; boundary=a",
        b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--",
    ),
    "multipart of nothing": ("multipart/form-data; boundary=a", b"--a--\r\n"),
    "multipart of an endless header": (
        "multipart/form-data; boundary=a",
        b"--a\r\nX: " + b"x" * 100_000 + b"\r\n\r\n\r\n--a--",
    ),
    "multipart of an endless boundary": (f"multipart/form-data; boundary={'a' * 5_000}", b"x"),
    "multipart of a strange charset": ("multipart/form-data; boundary=a; charset=utf-99", b"--a--\r\n"),
    "multipart within multipart": (
        "multipart/form-data; boundary=a",
        b'--a\r\nContent-Disposition: form-data; name="x"\r\n'
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n--a--",
    ),
}


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_report_is_refused(system: System, client: Client, kind: str, body: bytes) -> None:
    headers = {"Content-Type": kind, "X-Api-Key": client.key}
    answer = await client.ask("POST", "/requests.xml", body, headers)

    assert is_refusal(answer, 400)
    assert b"root:" not in answer.body
    assert await system.depth("intake.routine") == 0


FILES: Final = {
    "empty of sense": b"not a picture",
    "a program": b"\x7fELF" + bytes(200),
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "a broken picture": b"\xff\xd8\xff\xe0" + bytes(100),
    "a zip bomb's head": b"PK\x03\x04" + bytes(30),
}


@pytest.mark.parametrize("body", FILES.values(), ids=FILES)
async def test_a_file_that_is_none_of_ours_is_refused_and_nothing_taken(
    system: System, client: Client, body: bytes
) -> None:
    form = aiohttp.FormData(A_REPORT | {"api_key": client.key})
    form.add_field("media", body, filename="../../photo.jpg", content_type="image/jpeg")
    answer = await client.ask("POST", "/requests.xml", form)

    if answer.status != 200:  # plain text is a file like others
        assert is_refusal(answer, 400)
        assert await system.depth("intake.routine") == 0
    assert answer.status == (200 if body == b"not a picture" else 400)


async def test_too_many_files_and_too_large_a_body_are_refused(client: Client) -> None:
    form = aiohttp.FormData(A_REPORT | {"api_key": client.key})
    for number in range(6):
        form.add_field("media", b"x", filename=f"{number}.txt")
    assert is_refusal(await client.ask("POST", "/requests.xml", form), 400)
    huge = {"Content-Type": FORM}
    assert is_refusal(await client.ask("POST", "/requests.xml", b"x" * (25 * 1024 * 1024 + 1), huge), 413)


QUERIES: Final[dict[str, dict[str, str]]] = {
    "a date without a zone": {"start_date": "2026-05-24T00:00:00"},
    "a day": {"start_date": "2026-05-24"},
    "a date in words": {"end_date": "yesterday"},
    "a month too many": {"start_date": "2026-13-01T00:00:00Z"},
    "a day too many": {"end_date": "2026-02-30T00:00:00Z"},
    "a year too few": {"start_date": "0000-01-01T00:00:00Z"},
    "a year too far": {"end_date": "9999-12-31T23:59:59Z"},
    "an offset beyond reason": {"start_date": "2026-05-24T00:00:00+99:99"},
    "91 days": {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-03T00:00:00Z"},
    "backwards": {"start_date": "2026-04-02T00:00:00Z", "end_date": "2026-04-01T00:00:00Z"},
    "changes backwards": {"updated_after": "2026-04-02T00:00:00Z", "updated_before": "2026-04-01T00:00:00Z"},
    "changes in words": {"updated_after": "now()"},
    "changes with SQL": {"updated_before": "2026-01-01T00:00:00Z'; --"},
    "a status of no kind": {"status": "solved"},
    "one good status and a bad one": {"status": "open,gone"},
    "page nought": {"page": "0"},
    "page minus one": {"page": "-1"},
    "a page in words": {"page": "first"},
    "a page beyond reason": {"page": "9" * 400},
    "a page in Arabic digits": {"page": "٣"},
    "too large a page": {"page_size": "1001"},
    "half a page": {"page_size": "0.5"},
    "another jurisdiction": {"jurisdiction_id": "city.example.org"},
    "too many numbers": {"service_request_id": ",".join(["1"] * 1_001)},
}


@pytest.mark.parametrize("asked", QUERIES.values(), ids=QUERIES)
async def test_a_question_that_is_not_as_described_is_refused(client: Client, asked: dict[str, str]) -> None:
    assert is_refusal(await client.get("/requests", **asked), 400, 404)


PATHS: Final = {
    "no such service": "/services/006.xml",
    "no such request": "/requests/000-000-000.xml",
    "a request with SQL": "/requests/%27%20OR%201%3D1%20--.xml",
    "a request of a line feed": "/requests/%0A.xml",
    "a request of NUL": "/requests/%00.xml",
    "no such token": f"/tokens/{'0' * 48}.xml",
    "a token of nonsense": "/tokens/12345.xml",
    "a token of another script": f"/tokens/{quote('٣' * 48)}.xml",
    "a token with a false seal": f"/tokens/{'a' * 32}{'b' * 16}.xml",
    "an endless token": f"/tokens/{'a' * 5_000}.xml",
    "no such resource": "/nothing.xml",
    "no such format": "/services.yaml",
    "up and away": "/..%2f..%2fetc%2fpasswd",
    "a service of dots": "/services/...xml",
    "a slash too many": "/services/",
    "nothing": "",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_what_is_not_there_is_told_so(client: Client, path: str) -> None:
    assert is_refusal(await client.ask("GET", path), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/services.xml", "/requests.xml", "/tokens/x.xml"])
async def test_a_method_nobody_knows_is_told_so(client: Client, method: str, path: str) -> None:
    answer = await client.ask(method, path)

    assert is_refusal(answer, 405)
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("key", ["", "x", "ilkim_" + "A" * 43, "' OR '1'='1", "x" * 10_000, "\0", "ilkim_ş", "null"])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    assert is_refusal(await Client(client.session, client.url, key).post(A_REPORT), 403)


# What is strange, but harmless

HARMLESS: Final[dict[str, Any]] = {
    "a telephone that is none": {"phone": "111111111"},
    "an address that is none": {"email": "not an address"},
    "a header in an address": {"email": "a@example.org\r\nBcc: b@example.org"},
    "fields nobody knows": {"colour": "red", "attribute[none]": "1", "attribute[": "2", "attribute[]": "3"},
    "markup": {"description": "<script>alert(1)</script> & ]]> <![CDATA["},
    "an entity": {"description": "&lol9; <!ENTITY x SYSTEM 'file:///etc/passwd'>"},
    "control characters": {"description": "a\0b\x08c\x1bd\ufffe\uffff e"},
    "letters turned round": {"description": "\u202eters\u202c \u2066x\u2069"},
    "emoji and other scripts": {"description": "🕳️ яма حفرة 穴"},
    "the longest description": {"description": "ş" * 4_000},
    "no description": {"description": ""},
    "an endless name": {"first_name": "x" * 5_000, "last_name": "y" * 5_000},
    "an endless device": {"device_id": "x" * 5_000},
    "a photo within": {"media_url": "http://169.254.169.254/latest/meta-data/"},
    "an Iraqi place near by": {"lat": "37.0", "long": "43.0"},
    "a language nobody speaks": {"lang": "tlh"},
}


@pytest.mark.parametrize("changed", HARMLESS.values(), ids=HARMLESS)
async def test_what_is_strange_but_harmless_is_taken_and_safe_to_store(
    system: System, client: Client, changed: dict[str, str]
) -> None:
    answer = await client.post(A_REPORT | changed)

    assert answer.status == 200, answer.body
    [body] = await system.take_all("intake.routine")
    assert b"\\u0000" not in body


async def test_an_address_of_a_photo_is_never_fetched(system: System, client: Client) -> None:
    asked = []

    async def seen(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=b"x")

    server = web.Application()
    server.router.add_route("*", "/{path:.*}", seen)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        for address in (f"http://127.0.0.1:{port}/a.jpg", f"http://127.0.0.1:{port}/a.dtd"):
            assert (await client.post(A_REPORT | {"media_url": address})).status == 200
        body = xxe(f'SYSTEM "http://127.0.0.1:{port}/x.dtd"').encode()
        await client.ask("POST", "/requests.xml", body, {"Content-Type": "text/xml", "X-Api-Key": client.key})
    finally:
        await runner.cleanup()

    assert asked == []
