"""`python -m simulators.exchange`: serves until SIGTERM."""

import os

import uvloop
from aiohttp import web

from simulators.exchange.app import Exchange, settings_from


def main() -> None:
    settings = settings_from(os.environ)
    web.run_app(
        Exchange(settings).application(),
        host=settings.host,
        port=settings.port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
    )


if __name__ == "__main__":
    main()
