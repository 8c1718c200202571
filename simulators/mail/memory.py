"""What the mail server remembers: the newest mails both ways."""

import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

MAILS_MAX = 5_000


@dataclass(slots=True)
class Mail:
    """One mail, either way. `status`: accepted or refused; of a citizen's: delivered (the centre took it) or failed."""

    citizen: str
    from_citizen: bool
    subject: str
    text: str
    status: str
    html: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    return_path: str = ""
    id: str = ""
    reply_to: str = ""
    name: str = ""
    error: str = ""
    fault: str = ""
    kind: str = "text"
    provider: str = "email"
    files: tuple[tuple[str, str, int], ...] = ()  # of each its name, media type and bytes
    time: float = field(default_factory=time.time)


class Memory:
    """Oldest first."""

    def __init__(self) -> None:
        self._mails: deque[Mail] = deque(maxlen=MAILS_MAX)
        self.counts: Counter[str] = Counter()

    def keep(self, mail: Mail) -> Mail:
        self._mails.append(mail)
        self.counts[f"citizen_{mail.status}" if mail.from_citizen else mail.status] += 1
        return mail

    def find(self, citizen: str = "", since: float = 0.0) -> Iterator[Mail]:
        return (mail for mail in self._mails if mail.time >= since and citizen in ("", mail.citizen))

    def by_id(self, id_: str) -> Mail | None:
        """The newest of that message id."""
        return next((mail for mail in reversed(self._mails) if mail.id == id_), None)


def read(raw: bytes, citizen: str, return_path: str) -> Mail:
    """A mail of the centre as its citizen's program shows it."""
    message = message_from_bytes(raw, policy=default)
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        citizen=citizen,
        from_citizen=False,
        subject=str(message.get("Subject", "")),
        text=str(plain.get_content()).replace("\r\n", "\n").rstrip("\n") if plain else "",
        html=str(page.get_content()) if page else "",
        headers={name: str(value) for name, value in message.items()},
        return_path=return_path,
        id=str(message.get("Message-ID", "")).strip("<> "),
        status="accepted",
        files=tuple(
            (str(part.get_filename() or ""), part.get_content_type(), len(part.get_payload(decode=True)))
            for part in message.iter_attachments()
        ),
    )
