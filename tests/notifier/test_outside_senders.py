"""What single providers are asked in their own words: alphabets of SMS, answers below a message, Meta's windows."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.notifier.domain import Answer
from services.notifier.senders import SENDERS, Letter, Sender
from simulators.outside.app import Outside
from simulators.outside.settings import Settings
from simulators.outside.world import CitizenWrote
from tests.builders import PHONE, an_id
from tests.notifier.kits.outside import OUTSIDE
from tests.outside import CREDENTIALS, url_variables


class Recorder:
    """A provider that only writes down what it is asked."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.paths.append(request.path)
        return web.json_response({})

    @property
    def asked(self) -> Any:
        return json.loads(self.bodies[-1])


@asynccontextmanager
async def recorded(name: str, **changed: str) -> AsyncIterator[tuple[Recorder, Sender]]:
    recorder, application = Recorder(), web.Application()
    application.router.add_route("*", "/{path:.*}", recorder.answer)
    async with TestServer(application) as server:
        with pytest.MonkeyPatch.context() as patched:
            variables = {**CREDENTIALS, **url_variables(str(server.make_url("")).rstrip("/")), **changed}
            for variable, value in variables.items():
                patched.setenv(variable, value)
            sender = SENDERS[name].configured()
        assert sender is not None
        try:
            yield recorder, sender
        finally:
            await sender.close()


def a_letter(name: str, **changed: Any) -> Letter:
    return replace(OUTSIDE[name].letter, **changed)


@pytest.mark.parametrize(
    ("text", "netgsm", "verimor"),
    [
        ("Basvurunuz alindi", None, "0"),
        ("Çöp görevlisi", None, "0"),  # ö, ü and Ç stand in the plain alphabet
        ("Başvurunuz alındı", "TR", "1"),
        ("Başvurunuz alındı 👍", "UNICODE", "2"),
    ],
)
async def test_an_sms_goes_out_in_the_cheapest_alphabet_that_has_its_letters(
    text: str, netgsm: str | None, verimor: str
) -> None:
    async with recorded("netgsm") as (recorder, sender):
        await sender.send(a_letter("netgsm", text=text))
        assert recorder.asked.get("encoding") == netgsm
        assert recorder.asked["messages"] == [{"msg": text, "no": "5321112233"}]
    async with recorded("verimor") as (recorder, sender):
        await sender.send(a_letter("verimor", text=text))
        assert recorder.asked["datacoding"] == verimor


async def test_our_id_goes_with_every_sms() -> None:
    letter = a_letter("netgsm", id=an_id())
    async with recorded("netgsm") as (recorder, sender):
        await sender.send(letter)
        assert recorder.asked["referansID"] == str(letter.id)
    async with recorded("verimor") as (recorder, sender):
        await sender.send(letter)
        assert recorder.asked["custom_id"] == recorder.asked["messages"][0]["id"] == str(letter.id)
    async with recorded("twilio", ILKIM_PUBLIC_URL="https://ilkim.example.org/") as (recorder, sender):
        await sender.send(letter)
        callback = parse_qs(recorder.bodies[-1].decode())["StatusCallback"]
        assert callback == [f"https://ilkim.example.org/webhooks/twilio?reference={letter.id}"]


async def test_a_number_abroad_is_written_as_each_provider_wants_it() -> None:
    letter = a_letter("netgsm", address="+491710000000")
    async with recorded("netgsm") as (recorder, sender):
        await sender.send(letter)
        assert recorder.asked["messages"][0]["no"] == "00491710000000"
    async with recorded("verimor") as (recorder, sender):
        await sender.send(letter)
        assert recorder.asked["messages"][0]["dest"] == "00491710000000"
        assert "datacoding" not in recorder.asked


async def test_twilio_answers_from_the_number_that_was_written_to() -> None:
    async with recorded("twilio") as (recorder, sender):
        for account, line in (("903625550000", "+903625550000"), ("main", CREDENTIALS["TWILIO_FROM"])):
            await sender.send(a_letter("twilio", account=account))
            form = parse_qs(recorder.bodies[-1].decode())
            assert (form["From"], form["To"]) == ([line], [PHONE])
            assert "StatusCallback" not in form
    async with recorded("twilio", TWILIO_FROM="MG1") as (recorder, sender):
        await sender.send(a_letter("twilio", account="903625550000"))
        assert parse_qs(recorder.bodies[-1].decode())["MessagingServiceSid"] == ["MG1"]


@pytest.mark.parametrize(
    ("thread", "answered"),
    [("500000001:97", 97), ("500000002:97", None), ("97", None), ("", None), (None, None), ("500000001:x", None)],
)
async def test_telegram_answers_below_the_citizens_own_message(thread: str | None, answered: int | None) -> None:
    async with recorded("telegram") as (recorder, sender):
        await sender.send(a_letter("telegram", thread_id=thread))

        assert recorder.asked.get("reply_parameters", {}).get("message_id") == answered


async def test_meta_s_page_is_the_one_that_was_written_to() -> None:
    async with recorded("messenger") as (recorder, sender):
        await sender.send(a_letter("messenger"))
        await sender.send(a_letter("messenger", account="main"))

    assert recorder.paths == ["/graph/v24.0/100000000000001/messages", "/graph/v24.0/me/messages"]


@pytest.mark.parametrize(
    ("hours", "answer", "kind"),
    [
        (23.98, Answer.ACCEPTED, "RESPONSE"),
        (24.02, Answer.ACCEPTED, "HUMAN_AGENT"),
        (24 * 6.99, Answer.ACCEPTED, "HUMAN_AGENT"),
        (24 * 7.01, Answer.NEVER, None),
    ],
)
@pytest.mark.parametrize("name", ["messenger", "instagram"])
async def test_after_the_day_a_person_answers_and_after_the_week_nobody(
    name: str, hours: float, answer: Answer, kind: str | None
) -> None:
    async with OUTSIDE[name].provider() as provider:
        outside: Outside = provider.outside  # type: ignore[attr-defined]
        letter = a_letter(name)
        wrote = CitizenWrote(letter.address, "Çöp alınmadı", time=time.time() - hours * 3600)
        await outside.providers[name].citizen_writes(wrote)
        sender = OUTSIDE[name].sender(provider.url)
        result = await sender.send(letter)
        await sender.close()

    sent = [row for row in outside.world.memory.find(name) if not row.from_citizen and row.status != "refused"]
    assert result.answer is answer
    assert [row.kind for row in sent] == ([kind] if kind else [])


async def test_a_provider_s_wish_when_to_come_again_is_told() -> None:
    async with OUTSIDE["telegram"].provider() as provider:
        provider.order("code_429")
        sender = OUTSIDE["telegram"].sender(provider.url)
        result = await sender.send(a_letter("telegram"))
        await sender.close()

    assert (result.answer, result.retry_seconds) == (Answer.LATER, 3.0)


async def test_a_wrong_token_is_later_for_every_provider() -> None:
    wrong = dict.fromkeys(CREDENTIALS, "1:wrong")
    async with TestServer(Outside(Settings(secrets=wrong)).application()) as server:
        for name, kit in OUTSIDE.items():
            sender = kit.sender(str(server.make_url("")).rstrip("/"))
            assert (await sender.send(kit.letter)).answer is Answer.LATER, name
            await sender.close()
