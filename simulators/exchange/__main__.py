"""`python -m simulators.exchange`: serves until SIGTERM."""

import os

from simulators.exchange.app import Exchange, settings_from
from simulators.serving import serve

if __name__ == "__main__":
    settings = settings_from(os.environ)
    serve("exchange", Exchange(settings).application(), settings.host, settings.port)
