"""`python -m simulators.mail`: serves until SIGTERM."""

import os

import structlog
import uvloop
from aiohttp import web

from simulators.mail.app import MailServer
from simulators.mail.settings import settings_from

SHUTDOWN_SECONDS = 2.0


def main() -> None:
    settings = settings_from(os.environ)
    structlog.get_logger().info("mail_server_starts", host=settings.host, smtp_port=settings.smtp_port)
    web.run_app(
        MailServer(settings).application(),
        host=settings.host,
        port=settings.port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


if __name__ == "__main__":
    main()
