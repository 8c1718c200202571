"""Who we are by mail: the addresses that are ours, and the payload a mail becomes."""

from datetime import UTC, datetime

from pydantic import Field

from services.intake.channels.mail.headers import addresses_in
from shared.contracts import Channel, WebhookReceived
from shared.ids import new_id
from shared.settings import ProviderSettings, read

# What stands before the plus of addresses that only programs write to.
REPLY, RETURN = "cevap", "bounce"


class MailboxSettings(ProviderSettings):
    """The centre's own mailbox."""

    email_address: str = Field(description="citizens write to it, e.g. cozum@ilkadim.bel.tr")
    email_further_addresses: str = Field("", description="others that reach the same mailbox, divided by commas")
    email_account: str = Field("main", pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="what we call the mailbox")


class Mailbox:
    """Knows an address of ours when it sees one, also `cevap+<token>` and `bounce+<delivery>` of our domain."""

    def __init__(self, settings: MailboxSettings) -> None:
        self.address = settings.email_address.strip().lower()
        further = addresses_in(settings.email_further_addresses)
        self.addresses = tuple(dict.fromkeys([self.address, *further]))
        self.domain = self.address.rpartition("@")[2]
        self.account = settings.email_account

    @classmethod
    def from_environment(cls) -> "Mailbox":
        """The mailbox of this environment; without one the process ends with a line that says so."""
        return cls(read(MailboxSettings))

    def is_ours(self, address: str) -> bool:
        """Whether mail to this address is for us."""
        local, _, domain = address.strip().lower().rpartition("@")
        plain = f"{local.split('+')[0]}@{domain}"
        programs = {f"{name}@{self.domain}" for name in (REPLY, RETURN, "postmaster")}
        return plain in self.addresses or plain in programs

    def payload(
        self,
        provider: str,
        raw: bytes,
        received_at: datetime,
        mail_from: str | None = None,
        rcpt_to: tuple[str, ...] = (),
        **more: str,
    ) -> WebhookReceived:
        """The mail as it is made safe; `mail_from` None where no envelope was told."""
        envelope = {} if mail_from is None else {"mail_from": mail_from[:500]}
        return WebhookReceived(
            id=new_id(),
            occurred_at=datetime.now(UTC),
            trace_id=new_id().hex,
            channel=Channel.EMAIL,
            provider=provider,
            account=self.account,
            received_at=received_at,
            details={
                "addresses": "\n".join(self.addresses),
                "domain": self.domain,
                "rcpt_to": "\n".join(rcpt_to)[:4_000],
                **envelope,
                **more,
            },
            body=raw,
        )
