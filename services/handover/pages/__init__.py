"""The page behind the link of every letter. It works without JavaScript, and looking changes nothing."""

from services.handover.pages.link import TEMPLATES, LinkPages

__all__ = ["TEMPLATES", "LinkPages"]
