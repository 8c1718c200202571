"""`python -m simulators.whatsapp`: serves until SIGTERM, then lets due webhooks go out and ends."""

import os

from simulators.serving import serve
from simulators.whatsapp.app import Simulator
from simulators.whatsapp.settings import settings_from

if __name__ == "__main__":
    settings = settings_from(os.environ)
    serve("whatsapp", Simulator(settings).application(), settings.host, settings.port)
