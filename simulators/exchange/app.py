"""A page and an API to call the centre: who calls, which telephone rings, by which of the three exchanges."""

import base64
import html
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from simulators.exchange.ami import AmiServer
from simulators.exchange.calls import Call, Step, asterisk, bulutfon, verimor

CALLS_MAX = 50
POST_TIMEOUT_SECONDS = 10.0
EXCHANGES = ("verimor", "bulutfon", "asterisk")
# What may happen next, by what happened last.
NEXT: Mapping[Step, tuple[Step, ...]] = {
    Step.BEGINS: (Step.RINGS, Step.MISSED),
    Step.RINGS: (Step.ANSWERED, Step.MISSED),
    Step.ANSWERED: (Step.ENDED,),
}
WORDS = {
    Step.BEGINS: "aradı",
    Step.RINGS: "çaldır",
    Step.ANSWERED: "yanıtla",
    Step.ENDED: "kapat",
    Step.MISSED: "vazgeç (kaçan arama)",
}


@dataclass(frozen=True)
class Settings:
    """`edge_url`: where the centre takes webhooks. Keys as the centre knows them."""

    host: str
    port: int
    edge_url: str
    ami: AmiServer
    verimor_key: str
    bulutfon_user: str
    bulutfon_password: str


def settings_from(environment: Mapping[str, str]) -> Settings:
    """What the centre's own environment says."""
    ami = AmiServer(
        environment.get("ASTERISK_AMI_USER", ""),
        environment.get("ASTERISK_AMI_SECRET", ""),
        environment.get("ILKIM_HTTP_HOST", "127.0.0.1"),
        int(environment.get("ASTERISK_AMI_PORT", "0")),
    )
    return Settings(
        environment.get("ILKIM_HTTP_HOST", "127.0.0.1"),
        int(environment.get("ILKIM_HTTP_PORT", "8701")),
        environment.get("EXCHANGE_EDGE_URL", "").rstrip("/"),
        ami,
        environment.get("VERIMOR_SANTRAL_KEY", ""),
        environment.get("BULUTFON_HOOK_USER", ""),
        environment.get("BULUTFON_HOOK_PASSWORD", ""),
    )


@dataclass
class Standing:
    """A call as it stands."""

    exchange: str
    call: Call
    last: Step
    answered: str = ""


@dataclass
class Exchange:
    """The running exchange."""

    settings: Settings
    standing: dict[str, Standing] = field(default_factory=dict)
    _http: aiohttp.ClientSession | None = None

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self.page),
                web.get("/health/live", self.live),
                web.get("/health/ready", self.live),
                web.post("/calls", self.dial),
                web.post("/calls/{id}/{step}", self.go_on),
            ]
        )
        application.cleanup_ctx.append(self._life)
        return application

    async def _life(self, _: web.Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=POST_TIMEOUT_SECONDS)
        async with self.settings.ami.serving(), aiohttp.ClientSession(timeout=timeout) as http:
            self._http = http
            yield

    async def dial(self, request: web.Request) -> web.StreamResponse:
        """`caller`, `extension`, `name`, `exchange` as a form or JSON: it rings at once."""
        asked = await _fields(request)
        exchange = asked.get("exchange", EXCHANGES[0])
        caller = "".join(letter for letter in asked.get("caller", "") if letter.isdigit())
        extension = asked.get("extension") or "1001"
        if exchange not in EXCHANGES or not caller.startswith("0") or not extension.isdigit():
            raise web.HTTPBadRequest(text="caller 05…, extension in digits, exchange one of " + ", ".join(EXCHANGES))
        call = Call(caller, extension, asked.get("name", ""))
        if len(self.standing) >= CALLS_MAX:
            del self.standing[next(iter(self.standing))]
        self.standing[call.id] = Standing(exchange, call, Step.BEGINS)
        for step in (Step.BEGINS, Step.RINGS):
            await self.take_step(call.id, step)
        return self._told(request, call.id)

    async def go_on(self, request: web.Request) -> web.StreamResponse:
        """The next step of a call."""
        call_id, word = request.match_info["id"], request.match_info["step"]
        standing = self.standing.get(call_id)
        if standing is None or word not in set(Step) or Step(word) not in NEXT.get(standing.last, ()):
            raise web.HTTPNotFound(text="no such call, or not from there")
        await self.take_step(call_id, Step(word))
        return self._told(request, call_id)

    async def take_step(self, call_id: str, step: Step) -> None:
        """Tell the centre."""
        standing = self.standing[call_id]
        standing.last = step
        match standing.exchange:
            case "asterisk":
                self.settings.ami.tell(asterisk(standing.call, step))
                standing.answered = "AMI" if self.settings.ami.is_heard else "nobody listens"
            case "verimor":
                url = f"/webhooks/verimor-santral?key={self.settings.verimor_key}"
                standing.answered = await self._post(url, data=verimor(standing.call, step))
            case _:
                body = bulutfon(standing.call, step)
                known = f"{self.settings.bulutfon_user}:{self.settings.bulutfon_password}".encode()
                headers = {"Authorization": f"Basic {base64.b64encode(known).decode()}"}
                if body is not None:
                    standing.answered = await self._post("/webhooks/bulutfon", json=body, headers=headers)

    async def page(self, _: web.Request) -> web.Response:
        """The calls, and a form to call."""
        rows = "".join(map(_row, reversed(self.standing.values())))
        options = "".join(f"<option>{exchange}" for exchange in EXCHANGES)
        return web.Response(text=_PAGE.format(options=options, rows=rows), content_type="text/html")

    async def live(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ready"})

    async def _post(self, path: str, **sent: Any) -> str:
        if self._http is None:
            return "not started"
        try:
            async with self._http.post(self.settings.edge_url + path, **sent) as reply:
                return str(reply.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__

    def _told(self, request: web.Request, call_id: str) -> web.StreamResponse:
        if request.content_type == "application/json":
            standing = self.standing[call_id]
            return web.json_response({"id": call_id, "step": standing.last, "answered": standing.answered})
        raise web.HTTPSeeOther("/")


async def _fields(request: web.Request) -> dict[str, str]:
    found = await request.json() if request.content_type == "application/json" else await request.post()
    return {str(name): str(value) for name, value in dict(found).items()}


def _row(standing: Standing) -> str:
    call = standing.call
    buttons = "".join(
        f'<form method="post" action="/calls/{call.id}/{step}"><button>{WORDS[step]}</button></form>'
        for step in NEXT.get(standing.last, ())
    )
    cells = (call.caller, call.extension, standing.exchange, standing.last, standing.answered)
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}<td>{buttons}</td></tr>"


_PAGE = """<!doctype html><html lang="tr"><meta charset="utf-8"><title>Santral</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}}
table{{width:100%;border-collapse:collapse}}td,th{{text-align:left;padding:.4rem;border-bottom:1px solid #8886}}
td form{{display:inline}}input,select,button{{font:inherit;padding:.4rem .6rem}}label{{margin-right:1rem}}</style>
<main><h1>Çözüm merkezini ara</h1>
<form method="post" action="/calls"><label>Arayan <input name="caller" value="05000000000"></label>
<label>Dahili <input name="extension" value="1001" size="6"></label>
<label>Santral <select name="exchange">{options}</select></label><button>Ara</button></form>
<table><tr><th>Arayan</th><th>Dahili</th><th>Santral</th><th>Durum</th><th>Yanıt</th><th></th></tr>{rows}</table></main>
"""
