"""Accounts for whoever administers them: who may come in and as what; and who looked at whose address."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from services.desk.domain.accounts import INVITATION_GOOD_FOR, Account
from services.desk.domain.identity import Identity
from services.desk.handlers.accounts import AccountRefused, Accounts, NoSuchAccount
from services.desk.pages.frame import Frame, Sent, options
from services.desk.web.access import FORM_FIELDS_MAX, SignIn

LOOKS_SHOWN: Final = 100
_TIMES: Final = {"lock": "locked", "unlock": "unlocked", "reset-second-factor": "reset_second_factor"}


def add_accounts_pages(routes: APIRouter, frame: Frame, accounts: Accounts, sign_in: SignIn) -> None:
    """`/accounts`, `/accounts/…` and `/looks`."""
    pages = AccountsPages(frame, accounts)
    Person = Annotated[Identity, Depends(sign_in)]

    @routes.get("/accounts")
    async def everybody(request: Request) -> Response:
        return await pages.everybody(request)

    @routes.post("/accounts")
    async def add(request: Request, by: Person) -> Response:
        return await pages.add(request, by)

    @routes.get("/accounts/{account_id}")
    async def account(request: Request, account_id: UUID) -> Response:
        return await pages.account(request, account_id)

    @routes.post("/accounts/{account_id}")
    async def change(request: Request, by: Person, account_id: UUID) -> Response:
        return await pages.change(request, by, account_id)

    @routes.post("/accounts/{account_id}/invite")
    async def invite(request: Request, by: Person, account_id: UUID) -> Response:
        return await pages.invite(request, by, account_id)

    @routes.post("/accounts/{account_id}/{word}")
    async def act(request: Request, by: Person, account_id: UUID, word: str) -> Response:
        return await pages.act(request, by, account_id, word)

    @routes.get("/looks")
    async def looks(
        request: Request,
        by: Person,
        who: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    ) -> Response:
        return await pages.looks(request, by, who, before)


class AccountsPages:
    """Reads what a page shows and renders it."""

    def __init__(self, frame: Frame, accounts: Accounts) -> None:
        self._frame = frame
        self._accounts = accounts
        self._place = accounts.door.place

    async def everybody(self, request: Request, sent: Sent | None = None) -> Response:
        """Who may come in, and a form for one more."""
        sent = sent or Sent()
        accounts = await self._accounts.everybody()
        return await self._frame.render(
            request,
            "accounts.html",
            status=sent.status,
            accounts=accounts,
            sent=sent,
            **self._choices(request),
        )

    async def add(self, request: Request, by: Identity) -> Response:
        """One more, with the link to send them, shown this once."""
        form = await request.form(max_files=0, max_fields=FORM_FIELDS_MAX)
        typed = {name: str(form.get(name, "")).strip() for name in ("name", "shown_as")}
        roles, departments = _chosen(form.getlist("roles")), _chosen(form.getlist("departments"))
        try:
            account, secret = await self._accounts.add(by.name, typed["name"], typed["shown_as"], roles, departments)
        except AccountRefused as error:
            kept = (
                typed
                | {f"roles-{code}": "on" for code in roles}
                | {f"departments-{code}": "on" for code in departments}
            )
            return await self.everybody(request, Sent(kept, {error.field: error.why}, status=422))
        return await self._linked(request, account, secret)

    async def account(self, request: Request, account_id: UUID, sent: Sent | None = None) -> Response:
        """One account: what it is called and may do, and what was done with it."""
        sent = sent or Sent()
        try:
            account = await self._accounts.find(account_id)
        except NoSuchAccount:
            return self._frame.not_found(request, "accounts.not_found_words")
        return await self._frame.render(
            request,
            "account_edit.html",
            status=sent.status,
            account=account,
            acts=await self._accounts.acts_of(account),
            sent=sent,
            did=request.query_params.get("did", ""),
            **self._choices(request),
        )

    async def change(self, request: Request, by: Identity, account_id: UUID) -> Response:
        """Write what the form says."""
        form = await request.form(max_files=0, max_fields=FORM_FIELDS_MAX)
        roles, departments = _chosen(form.getlist("roles")), _chosen(form.getlist("departments"))
        try:
            await self._accounts.change(by.name, account_id, str(form.get("shown_as", "")), roles, departments)
        except AccountRefused as error:
            return await self.account(request, account_id, Sent({}, {error.field: error.why}, status=422))
        except NoSuchAccount:
            return self._frame.not_found(request, "accounts.not_found_words")
        return RedirectResponse(f"/accounts/{account_id}?did=changed", 303)

    async def invite(self, request: Request, by: Identity, account_id: UUID) -> Response:
        """A new link for somebody who forgot the password."""
        try:
            return await self._linked(request, *await self._accounts.invite(by.name, account_id))
        except NoSuchAccount:
            return self._frame.not_found(request, "accounts.not_found_words")

    async def act(self, request: Request, by: Identity, account_id: UUID, word: str) -> Response:
        """Lock, unlock, or take a lost second factor away."""
        acts = {
            "lock": self._accounts.lock,
            "unlock": self._accounts.unlock,
            "reset-second-factor": self._accounts.reset_second_factor,
        }
        try:
            if word not in acts:
                raise NoSuchAccount
            await acts[word](by.name, account_id)
        except AccountRefused as error:
            return await self.account(request, account_id, Sent({}, {error.field: error.why}, status=422))
        except NoSuchAccount:
            return self._frame.not_found(request, "accounts.not_found_words")
        return RedirectResponse(f"/accounts/{account_id}?did={_TIMES[word]}", 303)

    async def looks(self, request: Request, by: Identity, who: str, before: int | None) -> Response:
        """Who looked at whose address, the latest first; of one's own departments' people."""
        found = await self._accounts.looks(by, who, before, LOOKS_SHOWN + 1)
        shown = found[:LOOKS_SHOWN]
        return await self._frame.render(
            request,
            "looks.html",
            looks=shown,
            who=who,
            next=shown[-1].id if len(found) > LOOKS_SHOWN else None,
        )

    async def _linked(self, request: Request, account: Account, secret: str) -> Response:
        link = f"{self._frame.public_url(request)}/invitation/{secret}"
        hours = int(INVITATION_GOOD_FOR.total_seconds() // 3600)
        return await self._frame.render(request, "invitation_link.html", account=account, address=link, hours=hours)

    def _choices(self, request: Request) -> dict[str, object]:
        language = self._frame.language(request)
        return {
            "roles": [(role.code, role.name_in(language), role.everywhere) for role in self._place.access.role],
            "departments": options((row.code, row.name_in(language)) for row in self._place.departments),
            "role_names": {role.code: role.name_in(language) for role in self._place.access.role},
        }


def _chosen(values: Sequence[object]) -> list[str]:
    return sorted({value for value in values if isinstance(value, str) and value})
