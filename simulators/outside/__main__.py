"""`python -m simulators.outside`: serves until SIGTERM, then lets due receipts go out and ends."""

import os

from simulators.outside.app import Outside
from simulators.outside.settings import settings_from
from simulators.serving import serve

if __name__ == "__main__":
    settings = settings_from(os.environ)
    serve("outside", Outside(settings).application(), settings.host, settings.port)
