"""Mails of institutions: they answer a hand-over and are no contact of a citizen."""

from collections.abc import Sequence

from services.intake.channels import Reading
from shared.contracts import InstitutionWrote, Message, MessageReceived, NoticeStatus, Purpose
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.messaging import Unit, envelopes
from shared.messaging.topology import HANDOVER
from shared.tokens import HandOverTokens


def without_institutions(
    unit: Unit, readings: Sequence[tuple[Message, Reading]], tokens: HandOverTokens
) -> list[tuple[Message, Reading]]:
    """The readings that are citizens'; mails to a sealed reply address of a hand-over go to who waits for them.

    A forged address seals nothing: such a mail is a citizen's like any other.
    """
    mails: list[Message] = []
    rest: list[tuple[Message, Reading]] = []
    for event, reading in readings:
        found = [wrote for message in reading.messages if (wrote := _wrote(message, reading, tokens))]
        mails += found
        if not found:
            rest.append((event, reading))
    unit.publish(*envelopes(HANDOVER, "mails", mails))
    return rest


def _wrote(message: MessageReceived, reading: Reading, tokens: HandOverTokens) -> InstitutionWrote | None:
    handover_id = tokens.of_reply(message.reply_token or "")
    if handover_id is None:
        return None
    failure = next((receipt for receipt in reading.receipts if receipt.status is NoticeStatus.FAILED), None)
    return InstitutionWrote(
        id=derived_id(message.occurred_at, "institution.wrote", message.account, message.provider_id),
        occurred_at=message.occurred_at,
        trace_id=message.trace_id,
        handover_id=handover_id,
        kind=message.kind,
        text=message.text[:TEXT_MAX],
        attachments=len(message.attachments),
        is_automatic=message.purpose is Purpose.AUTOMATIC,
        is_bounce=failure is not None,
        error=(failure.error or "") if failure else "",
    )
