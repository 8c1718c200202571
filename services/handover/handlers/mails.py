"""Mails of institutions: an answer goes to a person with its words, a bounce says that nobody is there."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from services.handover.domain import Choice, HandOver, Move, Said, Way, late_word, unreachable
from services.handover.ground import answered
from services.handover.handlers.answers import Answers
from services.handover.store import handovers
from services.handover.store.handovers import Note
from shared.contracts import InstitutionWrote, Message
from shared.messaging import Outgoing, Unit, envelopes
from shared.messaging.topology import DESK

log = structlog.get_logger()


@dataclass(frozen=True)
class Mails:
    """Takes what intake read. Out-of-office answers, receipts and delays are no answers."""

    answers: Answers

    async def take_in(self, unit: Unit, events: Sequence[Message]) -> None:
        """The first answer ends a hand-over; what comes after it is for a person to read."""
        mails = [event for event in events if isinstance(event, InstitutionWrote)]
        known = await handovers.locked(unit.connection, {mail.handover_id for mail in mails})
        for mail in mails:
            handover = known.get(mail.handover_id)
            if handover is None or handover.institution not in self.answers.ground.institutions:
                await unit.shelve(mail, "no such hand-over here")
            elif mail.is_automatic and not (mail.is_bounce and handover.is_open):
                log.info("automatic_mail_passed_over", kind=mail.kind, institution=handover.institution)
            elif not handover.is_open:
                known[handover.id] = await self._added(unit, handover, mail)
            else:
                known[handover.id], outgoing = await self._taken(unit, handover, mail)
                unit.publish(*outgoing)

    async def _taken(self, unit: Unit, handover: HandOver, mail: InstitutionWrote) -> tuple[HandOver, list[Outgoing]]:
        if mail.is_bounce:
            return await self._bounced(unit, handover, mail)
        said = Said(Choice.WROTE, _with_files(mail), Way.MAIL)
        return await self.answers.write(unit.connection, handover, said)

    async def _added(self, unit: Unit, handover: HandOver, mail: InstitutionWrote) -> HandOver:
        added, text = handover.moved(Move.ADD), _with_files(mail)
        now = await handovers.clock(unit.connection)
        await handovers.save(unit.connection, [Note(added, Move.ADD, now, text=text)], self.answers.ground.vault)
        unit.publish(*envelopes(DESK, "tasks", [late_word(handover, mail, text)]))
        return added

    async def _bounced(self, unit: Unit, handover: HandOver, mail: InstitutionWrote) -> tuple[HandOver, list[Outgoing]]:
        now = await handovers.clock(unit.connection)
        failed = handover.moved(Move.FAIL)
        await handovers.save(
            unit.connection, [Note(failed, Move.FAIL, now, text=mail.error or None)], self.answers.ground.vault
        )
        log.warning("institution_unreachable", institution=handover.institution, error=mail.error)
        return failed, answered([unreachable(failed, mail.error or None, now)])


def _with_files(mail: InstitutionWrote) -> str:
    """A person who reads it must know that there is more to it."""
    if not mail.attachments:
        return mail.text
    return f"{mail.text}\n(Yanıtta {mail.attachments} ek var; iletinin aslı gelen kutusundadır.)".strip()
