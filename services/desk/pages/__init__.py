"""The desk's pages. They work without JavaScript."""

from fastapi import APIRouter, Depends, FastAPI

from services.desk.handlers import Entries, Tasks, Work
from services.desk.pages.entry import add_entry_pages
from services.desk.pages.frame import TEMPLATES, Frame
from services.desk.pages.tasks import add_task_pages
from services.desk.pages.work import add_work_pages
from services.desk.web import SignIn, same_origin
from shared.pages import Pages

__all__ = ["TEMPLATES", "add_pages"]


def add_pages(web: FastAPI, work: Work, tasks: Tasks, entries: Entries, pages: Pages, sign_in: SignIn) -> None:
    """Everything the desk answers to a browser."""
    frame = Frame(work, tasks, pages)
    routes = APIRouter(include_in_schema=False, dependencies=[Depends(sign_in), Depends(same_origin)])
    add_work_pages(routes, frame, work, sign_in)
    add_task_pages(routes, frame, tasks, sign_in)
    add_entry_pages(routes, frame, entries, tasks, sign_in)
    web.include_router(routes)
    pages.mount(web)
