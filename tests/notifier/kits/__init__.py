"""What the suite over all senders needs of each: a sender, its provider's simulator, and its words for four faults.

A provider joins the suite with a file here and a row in `KITS`.
"""

from collections.abc import Mapping

from tests.notifier.kits.base import SenderKit
from tests.notifier.kits.outside import OUTSIDE
from tests.notifier.kits.smtp import SMTP
from tests.notifier.kits.whatsapp import WHATSAPP

KITS: Mapping[str, SenderKit] = {"whatsapp": WHATSAPP, "smtp": SMTP, **OUTSIDE}
