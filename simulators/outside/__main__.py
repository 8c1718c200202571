"""`python -m simulators.outside`: serves until SIGTERM, then lets due receipts go out and ends."""

import os

import structlog
import uvloop
from aiohttp import web

from simulators.outside.app import Outside
from simulators.outside.settings import settings_from

SHUTDOWN_SECONDS = 2.0


def main() -> None:
    settings = settings_from(os.environ)
    structlog.get_logger().info("outside_starts", host=settings.host, port=settings.port)
    web.run_app(
        Outside(settings).application(),
        host=settings.host,
        port=settings.port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
