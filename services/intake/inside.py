"""What the desk asks intake while somebody reads a case; only for who knows the key, and only inside.

It is answered by the worker, which alone of intake's processes has the vault and is reached from nowhere outside.
"""

import hmac
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header

from services.intake.store import inside as inside_store
from shared.contracts.inside import CasePeople, ToldCase
from shared.messaging import Service
from shared.problems import Problem
from shared.vault import Vault

_BEARER: Final = "Bearer "


def add_inside_routes(web: FastAPI, service: Service, vault: Vault, key: bytes) -> None:
    """`/inside/cases/…`; `key` as `Authorization: Bearer <hex>`."""

    def with_key(authorization: Annotated[str, Header()] = "") -> None:
        """Raises Problem 401. Takes the same time for every wrong answer."""
        given = authorization.removeprefix(_BEARER).encode("utf-8", "replace")
        if not hmac.compare_digest(given, key.hex().encode()):
            raise Problem(401, "Inside only", "This is asked by our own services with their key.")

    routes = APIRouter(prefix="/inside", include_in_schema=False, dependencies=[Depends(with_key)])

    @routes.get("/cases/{case_id}")
    async def case(case_id: UUID) -> ToldCase:
        return await _case(service, case_id)

    @routes.get("/cases/{case_id}/people")
    async def people(case_id: UUID) -> CasePeople:
        return CasePeople(people=tuple(await inside_store.people_behind(service.pool, case_id, vault)))

    web.include_router(routes)


async def _case(service: Service, case_id: UUID) -> ToldCase:
    number = await inside_store.number_of(service.pool, case_id)
    if number is None:
        raise Problem(404, "No such case", "Intake knows no case of this id.")
    return ToldCase(
        case_id=case_id,
        number=number,
        contacts=tuple(await inside_store.told_contacts(service.pool, case_id)),
        of_person=tuple(await inside_store.cases_of_person(service.pool, case_id)),
        of_place=tuple(await inside_store.cases_of_place(service.pool, case_id)),
        split_from=await inside_store.split_from(service.pool, case_id),
    )
