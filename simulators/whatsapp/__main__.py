"""`python -m simulators.whatsapp`: serves until SIGTERM, then lets due webhooks go out and ends."""

import os

import structlog
import uvloop
from aiohttp import web

from simulators.whatsapp.app import Simulator
from simulators.whatsapp.settings import settings_from

SHUTDOWN_SECONDS = 2.0


def main() -> None:
    settings = settings_from(os.environ)
    structlog.get_logger().info(
        "whatsapp_simulator_starts", host=settings.host, port=settings.port, statuses=settings.statuses
    )
    web.run_app(
        Simulator(settings).application(),
        host=settings.host,
        port=settings.port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
