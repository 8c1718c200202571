"""The providers of this process; to add one, write its file and a row here."""

from simulators.outside.providers.graph import Instagram, Messenger
from simulators.outside.providers.netgsm import Netgsm
from simulators.outside.providers.telegram import Telegram
from simulators.outside.providers.twilio import Twilio
from simulators.outside.providers.verimor import Verimor
from simulators.outside.providers.x import X
from simulators.outside.world import Provider

PROVIDERS: tuple[type[Provider], ...] = (Netgsm, Verimor, Twilio, Telegram, Messenger, Instagram, X)
