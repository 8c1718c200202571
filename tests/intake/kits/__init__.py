"""What the suite over all channels needs of each: samples of its provider's payloads, and how they are signed.

A provider joins the suite with a file here and a row in `KITS`.
"""

from collections.abc import Mapping

from tests.intake.kits import email, messenger, netgsm, telegram, twilio, verimor, whatsapp, x
from tests.intake.kits.base import ChannelKit

KITS: Mapping[str, ChannelKit] = {
    kit.provider: kit
    for kit in (
        whatsapp.KIT,
        email.KIT,
        email.IMAP,
        netgsm.KIT,
        verimor.KIT,
        twilio.KIT,
        telegram.KIT,
        messenger.MESSENGER,
        messenger.INSTAGRAM,
        x.KIT,
    )
}
