"""Every file of a folder of real mail goes through the real listener into a real worker; skipped without a folder.

    ILKIM_MAIL_CORPUS=/path/to/mail pytest tests/intake/mail/test_corpus.py -s

Nothing of it is kept here. A file is one mail; files beside them (`.md`, `.json`, `.csv`, `.yml`) are passed over.
"""

import asyncio
import os
import random
import smtplib
import time
from collections import Counter
from pathlib import Path

import pytest

from services.intake.app import collector, worker
from services.intake.channels import email
from shared.contracts import Purpose
from tests.harness import System, built, running, serving, until
from tests.intake.mail.samples import CENTRE, a_payload
from tests.intake.mail.test_listener import answers, free_port

FOLDER = Path(os.environ.get("ILKIM_MAIL_CORPUS", "/nonexistent"))
NO_MAILS = frozenset({".md", ".json", ".jsonl", ".csv", ".yml", ".yaml"})
MUTATED = int(os.environ.get("ILKIM_MAIL_MUTATED", "2000"))
SECONDS_MAX = 2.0
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="ILKIM_MAIL_CORPUS names no folder"),
    pytest.mark.timeout(1_800),
]


def mails() -> dict[str, bytes]:
    files = sorted(file for file in FOLDER.rglob("*") if file.is_file() and file.suffix not in NO_MAILS)
    return {str(file.relative_to(FOLDER)): file.read_bytes() for file in files}


def sent(port: int, raw: bytes) -> int:
    """The server's answer to the whole mail."""
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            client.sendmail("gonderen@example.org", [CENTRE], raw)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return 250


async def test_every_mail_is_taken_parked_or_refused_and_no_machine_opens_a_case(system: System) -> None:
    found, port = mails(), free_port()
    listening = built(collector, system, EMAIL_ADDRESS=CENTRE, EMAIL_LISTEN_PORT=str(port))
    registering = built(worker, system, ILKIM_GATHER_SECONDS="0")
    async with serving(listening), running(registering):
        await until(lambda: answers(port))
        await until(listening.broker_is_there)
        codes = Counter([await asyncio.to_thread(sent, port, raw) for raw in found.values()])
        await until(lambda: _all_stored(system, codes[250]), 120)

    parked = await system.value(
        "SELECT count(*) FROM raw_message r WHERE NOT EXISTS (SELECT FROM contact WHERE raw_id = r.id)"
    )
    contacts = await system.value("SELECT count(*) FROM contact")
    kinds = await system.rows("SELECT purpose, effect, reason, count(*) FROM contact GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    opened = await system.value(
        "SELECT count(*) FROM case_file JOIN contact ON contact.id = contact_id WHERE purpose = 'automatic'"
    )
    print(f"\n{len(found)} files: {dict(codes)}; {contacts} contacts, {parked} stored without one of their own")
    print(*(f"  {row['purpose']:12} {row['effect']:8} {row['reason']:20} {row['count']}" for row in kinds), sep="\n")
    assert codes.total() == len(found)
    assert set(codes) <= {250, 552, 554}
    assert opened == 0
    assert contacts + parked == codes[250]
    assert contacts >= len(
        {email.read(a_payload(raw)).messages[0].provider_id for raw in found.values() if raw.strip()}
    )


async def _all_stored(system: System, count: int) -> bool:
    return bool(await system.value("SELECT count(*) FROM raw_message") >= count)


def test_the_reader_takes_milliseconds() -> None:
    seconds, kinds = [], Counter[str]()
    for raw in mails().values():
        began = time.process_time()
        [message] = email.read(a_payload(raw)).messages
        seconds.append(time.process_time() - began)
        kinds[message.kind] += 1
        assert (message.purpose is Purpose.AUTOMATIC) == (message.kind != "text")

    seconds.sort()
    print(f"\n{dict(kinds)}; p50 {seconds[len(seconds) // 2] * 1e3:.1f} ms, max {seconds[-1] * 1e3:.0f} ms")
    assert seconds[-1] < SECONDS_MAX


def test_mutated_mails_are_read_too() -> None:
    dice, originals, worst = random.Random(3), list(mails().values()), 0.0
    for _ in range(MUTATED):
        raw = _mutated(dice, originals)
        if raw.strip():
            began = time.process_time()
            email.read(a_payload(raw))
            worst = max(worst, time.process_time() - began)

    print(f"\n{MUTATED} mutated mails, the slowest {worst * 1e3:.0f} ms")
    assert worst < SECONDS_MAX


def _mutated(dice: random.Random, originals: list[bytes]) -> bytes:
    body = bytearray(dice.choice(originals)[:200_000])
    for _ in range(dice.choice((1, 2, 5, 20))):
        at, other = dice.randrange(len(body) + 1), dice.choice(originals)
        match dice.randrange(4):
            case 0:
                body[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del body[at : at + dice.choice((1, 10, 200))]
            case 2:
                body[at:at] = other[: dice.randrange(600)]
            case _:
                body[at:at] = body[: dice.randrange(300)]
    return bytes(body)
