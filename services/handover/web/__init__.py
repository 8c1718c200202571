"""What an institution's own program calls."""

from services.handover.web.callback import Callback

__all__ = ["Callback"]
