"""A case's files for who works on it: `/files/<id>`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from services.desk.domain.identity import Identity
from services.desk.store import files as file_store
from services.desk.web.access import SignIn
from shared.files import answer_with_file
from shared.messaging import Service
from shared.objects import ObjectStore
from shared.problems import Problem


def add_file_routes(web: FastAPI, service: Service, objects: ObjectStore, sign_in: SignIn) -> None:
    """200 the file, 202 on its way, 404 none of ours, 410 it never came or was refused."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/files/{file_id}")
    async def file(request: Request, by: Annotated[Identity, Depends(sign_in)], file_id: UUID) -> Response:
        if not any(by.sees(owner) for owner in await file_store.owners_of(service.pool, file_id)):
            raise Problem(404, "No such file", "No file of this id came with a case of yours.")
        try:
            return await answer_with_file(objects, file_id, request, is_expected=True)
        except OSError as error:
            raise Problem(503, "Not now", "The files cannot be reached; try again in a moment.") from error

    web.include_router(routes)
