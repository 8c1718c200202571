"""The SMTP server behind which the citizens have their mailboxes.

Some addresses always meet the same fate, for demos:

| address               | what happens                                                        |
|-----------------------|---------------------------------------------------------------------|
| 550@hata.example      | refused for good: no such mailbox (so any other code that stands in `CODES`) |
| 522@hata.example      | refused: mailbox full                                               |
| 451@hata.example      | refused for now                                                     |
| slow@hata.example     | taken after two seconds                                             |
| drop_reply@hata.example | taken, but the connection is cut before the answer: ambiguous     |
| anyone@geri.example   | taken, then a bounce comes to the return path                       |
| anyone@tatil.example  | taken, then an out-of-office answer comes                           |
"""

import asyncio
from collections.abc import Callable
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session

from simulators.faults import Fault, Faults, default_seconds
from simulators.mail.memory import Mail, Memory, read

CODES: Final = {
    "421": "421 4.3.2 Service shutting down",
    "450": "450 4.2.1 Mailbox busy",
    "451": "451 4.7.1 Greylisted, try again later",
    "452": "452 4.2.2 Mailbox full for now",
    "522": "552 5.2.2 Mailbox full",
    "535": "535 5.7.8 Authentication credentials invalid",
    "550": "550 5.1.1 No such mailbox",
    "521": "550 5.2.1 Mailbox closed",
    "552": "552 Quota exceeded",
    "553": "553 5.1.3 Bad address",
    "554": "554 5.7.1 Refused by policy",
}
KINDS: Final = frozenset({*(f"code_{code}" for code in CODES), "slow", "timeout", "drop_reply", "drop_request"})
FAULTY: Final = "hata.example"


class Sink:
    """What aiosmtpd asks at each step; `taken` is told of every mail that a citizen has."""

    def __init__(self, memory: Memory, faults: Faults, taken: Callable[[Mail], None]) -> None:
        self._memory, self._faults, self._taken = memory, faults, taken

    def connection(self) -> SMTP:
        loop = asyncio.get_running_loop()
        return SMTP(self, hostname="posta.example", ident="citizens", enable_SMTPUTF8=True, loop=loop)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._fault_of(address)
        if fault and fault.kind.startswith("code_"):
            said = CODES[fault.kind.removeprefix("code_")]
            refused = Mail(address.lower(), False, "", "", "refused", error=said, fault=fault.kind)
            self._memory.keep(refused)
            return said
        session.fault = fault  # type: ignore[attr-defined]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault: Fault | None = session.fault  # type: ignore[attr-defined]
        kind = fault.kind if fault else ""
        if kind not in ("drop_request", "timeout"):
            self._keep(envelope, kind)
        if fault and fault.seconds:
            await asyncio.sleep(fault.seconds)
        if kind in ("drop_request", "drop_reply", "timeout") and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 2.0.0 OK"

    def _keep(self, envelope: Envelope, fault: str) -> None:
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        for address in envelope.rcpt_tos:
            mail = read(raw, address.lower(), (envelope.mail_from or "").strip("<>"))
            mail.fault = fault
            self._taken(self._memory.keep(mail))

    def _fault_of(self, address: str) -> Fault | None:
        local, _, domain = address.lower().rpartition("@")
        if domain == FAULTY:
            kind = f"code_{local}" if local in CODES else local
            return Fault(kind, default_seconds(kind)) if kind in KINDS else None
        return self._faults.strike(address.lower())
