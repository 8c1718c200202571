"""E-mail by SMTP: plain and HTML, threaded, with a return path of its own for each send, signed where a key is given.

Headers: RFC 3834 (Auto-Submitted), 2369 and 8058 (List-Unsubscribe).
"""

from typing import Final

from services.notifier.domain import Answer, Result
from services.notifier.senders.base import Letter
from services.notifier.senders.mail import Composer, message_id
from shared.mailing import LetterheadSettings, MailServer, Outcome, Post, SmtpSettings, is_address
from shared.settings import given, read

# No such mailbox, or one that was closed: as a server answers, and as a bounce tells it.
_DEAD: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
DEAD_ADDRESS: Final = frozenset(f"{reply}{code}" for code in _DEAD for reply in ("", "550 ", "553 "))


def sender() -> "Smtp | None":
    """The sender of this environment; None: no mail server is configured."""
    settings = given(SmtpSettings)
    if settings is None:
        return None
    head = read(LetterheadSettings)
    return Smtp(settings, Composer(head.email_address, head.email_name, head.key))


class Smtp:
    """Letters as mails, by one server."""

    def __init__(self, settings: SmtpSettings, composer: Composer) -> None:
        self._composer = composer
        self.server = MailServer(settings, composer.domain)

    async def send(self, letter: Letter) -> Result:
        """One mail in one transaction."""
        if not is_address(letter.address):
            return Result(letter.id, Answer.NEVER, error="no mail address")
        try:
            body = self._composer.compose(letter)
        except ValueError as error:
            return Result(letter.id, Answer.LATER, error=type(error).__name__)
        done = await self.server.deliver(Post(self._composer.return_path(letter), letter.address, body))
        is_taken = done.outcome is Outcome.ACCEPTED
        provider_id = message_id(letter, self._composer.domain) if is_taken else None
        return Result(letter.id, Answer(done.outcome.value), provider_id=provider_id, error=done.error)

    async def close(self) -> None:
        await self.server.close()
