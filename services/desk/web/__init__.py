"""The desk over HTTP: who may come in, and its lists as an API; the pages are built on it."""

from services.desk.web.access import Cookies, SecurityHeaders, SignIn, same_origin
from services.desk.web.alerts import add_alert_routes
from services.desk.web.files import add_file_routes
from services.desk.web.rules import check_routes
from services.desk.web.tasks import add_task_routes
from services.desk.web.work import ITEMS_MAX, add_routes

__all__ = [
    "ITEMS_MAX",
    "Cookies",
    "SecurityHeaders",
    "SignIn",
    "add_alert_routes",
    "add_file_routes",
    "add_routes",
    "add_task_routes",
    "check_routes",
    "same_origin",
]
