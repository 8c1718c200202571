"""The desk's pages. They work without JavaScript."""

from fastapi import APIRouter, Depends, FastAPI

from services.desk.handlers import Desk
from services.desk.handlers.accounts import Accounts
from services.desk.handlers.directory import Directory
from services.desk.pages.account import add_account_pages
from services.desk.pages.accounts import add_accounts_pages
from services.desk.pages.alerts import add_alert_pages
from services.desk.pages.calls import add_call_pages
from services.desk.pages.case import add_case_pages
from services.desk.pages.entry import add_entry_pages
from services.desk.pages.forms import FormTokens
from services.desk.pages.frame import TEMPLATES, Frame
from services.desk.pages.notes import add_note_pages
from services.desk.pages.searching import add_search_pages
from services.desk.pages.sign_in import add_sign_in_pages
from services.desk.pages.tasks import add_task_pages
from services.desk.pages.work import add_work_pages
from services.desk.pages.work_list import add_work_list_pages
from services.desk.web import SignIn, same_origin
from shared.pages import Pages

__all__ = ["TEMPLATES", "add_pages"]


def add_pages(
    web: FastAPI,
    desk: Desk,
    accounts: Accounts,
    sign_in: SignIn,
    public_url: str = "",
    directory: Directory | None = None,
) -> None:
    """Everything the desk answers to a browser."""
    pages = Pages(TEMPLATES, desk.work.place, [FormTokens])
    frame = Frame(desk.work, desk.tasks, desk.alerts, pages, public_url)
    add_sign_in_pages(web, frame, accounts, sign_in, directory)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(sign_in), Depends(same_origin)])
    add_alert_pages(routes, frame, desk.alerts, sign_in)
    add_work_list_pages(routes, frame, desk.work, sign_in)
    add_search_pages(routes, frame, desk.search, sign_in)
    add_work_pages(routes, frame, desk.work, sign_in)
    add_note_pages(routes, frame, desk.notes, sign_in)
    add_case_pages(routes, frame, desk, sign_in)
    add_task_pages(routes, frame, desk.tasks, sign_in)
    add_entry_pages(routes, frame, desk, sign_in)
    add_call_pages(routes, frame, desk.calls, sign_in)
    add_account_pages(routes, frame, accounts, sign_in, directory)
    add_accounts_pages(routes, frame, accounts, sign_in)
    web.include_router(routes)
    pages.mount(web)
