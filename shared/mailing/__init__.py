"""Sending mail: our letterhead, and the conversation with the server that takes it."""

from shared.mailing.letterhead import DkimKey, LetterheadSettings, is_address, signed
from shared.mailing.smtp import Delivered, MailServer, Outcome, Post, SmtpSettings

__all__ = [
    "Delivered",
    "DkimKey",
    "LetterheadSettings",
    "MailServer",
    "Outcome",
    "Post",
    "SmtpSettings",
    "is_address",
    "signed",
]
