"""How every simulator serves: one HTTP application until SIGTERM, what is due let out for a moment."""

import structlog
import uvloop
from aiohttp import web

SHUTDOWN_SECONDS = 2.0


def serve(name: str, application: web.Application, host: str, port: int) -> None:
    """Blocks until SIGTERM or SIGINT."""
    structlog.get_logger().info("simulator_starts", simulator=name, host=host, port=port)
    web.run_app(
        application,
        host=host,
        port=port,
        loop=uvloop.new_event_loop(),
        access_log=None,
        print=None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
