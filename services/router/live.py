"""The router by what it knows now: a sound change of the folder takes over between two batches, a broken one never."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import asyncpg
import structlog

from services.router import kept
from services.router.domain.knowledge import Knowledge
from services.router.domain.versions import Known, Look, load_kept, load_known, look
from services.router.drifting import WEEKS, find_drift, tell
from services.router.handlers import Router
from services.router.handlers.ground import Ground
from shared import metrics
from shared.contracts import Message
from shared.database import is_away
from shared.messaging import Unit
from shared.municipality import MunicipalityError
from shared.municipality.mistakes import PROBLEMS_SHOWN_MAX, Problem

log = structlog.get_logger()

FOLDER: Final = "folder"
KEPT: Final = "kept"
WITHOUT_PLACES: Final = "folder without places"
FIRST_DRIFT_SECONDS: Final = 300.0


class Live:
    """Holds the present `Router` and replaces it as a whole, so that a batch in hand is decided by one version alone.

    A folder is read once it rests: unchanged between two looks. `pool` is asked for when it is needed, since a
    service has it from its start on.
    """

    def __init__(
        self,
        folder: Path,
        model: Path,
        pool: Callable[[], asyncpg.Pool],
        *,
        look_seconds: float,
        drift_seconds: float,
    ) -> None:
        self._folder, self._model, self._pool = folder, model, pool
        self._look_seconds, self._drift_seconds = look_seconds, drift_seconds
        self._router: Router | None = None
        self._known: Known | None = None
        self._source = FOLDER
        self._since: datetime | None = None
        self._refused: tuple[Problem, ...] = ()
        self._is_kept = False
        self._seen: Look = ()
        self._read: Look = ()

    @property
    def router(self) -> Router:
        """The router of now. Raises LookupError before `start`."""
        if self._router is None:
            raise LookupError("nothing is known yet")
        return self._router

    @property
    def ground(self) -> Ground:
        """What is decided by now, for whoever looks after cases later."""
        return self.router.ground

    @property
    def knowledge(self) -> Knowledge:
        """What is decided by now."""
        return self.router.knowledge

    async def take_cases(self, unit: Unit, events: Sequence[Message]) -> None:
        """See `Router`."""
        await self.router.take_cases(unit, events)

    async def take_answers(self, unit: Unit, events: Sequence[Message]) -> None:
        """See `Router`."""
        await self.router.take_answers(unit, events)

    async def take_settled(self, unit: Unit, events: Sequence[Message]) -> None:
        """See `Router`."""
        await self.router.take_settled(unit, events)

    async def start(self) -> None:
        """Decide by the folder, or by the version that was kept last, or by the folder without its places.

        Raises MunicipalityError where none of them can be.
        """
        self._seen = self._read = look(self._folder, self._model)
        try:
            self._take(await asyncio.to_thread(load_known, self._folder, self._model), FOLDER)
        except MunicipalityError as error:
            self._refuse(error.problems)
            try:
                await self._start_by_the_kept(error)
            except MunicipalityError:
                known = await asyncio.to_thread(load_known, self._folder, self._model, or_without_ground=True)
                self._take(known, WITHOUT_PLACES)

    async def watch(self) -> None:
        """Look for changes for ever."""
        while True:
            await self._keep()
            await asyncio.sleep(self._look_seconds)
            await self._look_again()

    async def watch_drift(self) -> None:
        """Compare the texts of late with the model's own soon after the start and then once a day, for ever."""
        await asyncio.sleep(min(FIRST_DRIFT_SECONDS, self._drift_seconds))
        while True:
            await self._look_for_drift()
            await asyncio.sleep(self._drift_seconds)

    def report(self) -> dict[str, object]:
        """What a person wants to know of it, for `/health/ready`."""
        return {
            "version": self._known.version if self._known else None,
            "source": self._source,
            "since": self._since.isoformat() if self._since else None,
            "refused": [str(problem) for problem in self._refused[:PROBLEMS_SHOWN_MAX]],
        }

    async def _look_again(self) -> None:
        seen = await asyncio.to_thread(look, self._folder, self._model)
        rests, self._seen = seen == self._seen, seen
        if not rests or seen == self._read:
            return
        self._read = seen
        try:
            known = await asyncio.to_thread(load_known, self._folder, self._model)
        except (MunicipalityError, OSError) as error:
            self._refuse(error.problems if isinstance(error, MunicipalityError) else (_unreadable(error),))
            return
        if problems := self._objections(known):
            self._refuse(problems)
        elif self._known is None or known.version != self._known.version or self._refused:
            self._take(known, FOLDER)
            await self._keep()

    def _objections(self, known: Known) -> tuple[Problem, ...]:
        """What a running router cannot take over, although a newly started one could."""
        before = self._known.knowledge if self._known else None
        if before is None:
            return ()
        new = sorted(known.knowledge.kinds.keys() - before.kinds.keys())
        trouble = sorted(known.knowledge.trouble.items() - before.trouble.items())
        remedy = "Deploy and start the services again: an owner's queue is made then"
        return (
            *(Problem("departments.toml, institutions.toml", owner, "is a new owner", remedy) for owner in new),
            *(Problem(what, "the file", told, "Put a sound one in its place") for what, told in trouble),
        )

    def _take(self, known: Known, source: str) -> None:
        """From the next batch on everything is decided by this."""
        before = self._known.version if self._known else None
        self._known, self._router = known, Router(known.place, known.knowledge)
        self._source, self._since = source, datetime.now(UTC)
        self._is_kept = source == WITHOUT_PLACES  # nobody wants to start by it once more
        if source == FOLDER:
            self._refused = ()
            metrics.RULES_REFUSED.set(0)
        log.info("knowledge_loaded", version=known.version, before=before, source=source)
        for what, trouble in {**known.knowledge.trouble, **known.knowledge.lesser_trouble}.items():
            log.error("knowledge_incomplete", what=what, trouble=trouble)

    def _refuse(self, problems: Sequence[Problem]) -> None:
        """Loudly; what runs goes on."""
        self._refused = tuple(problems)
        metrics.RULES_REFUSED.set(1)
        log.error(
            "rules_refused",
            running=self._known.version if self._known else None,
            mistakes=len(self._refused),
            problems=[_told(problem) for problem in self._refused[:PROBLEMS_SHOWN_MAX]],
        )

    async def _start_by_the_kept(self, error: MunicipalityError) -> None:
        try:
            async with self._pool().acquire() as connection:
                version = await kept.last_version(connection)
                if version is None:
                    raise error
                files = await kept.files_of(connection, version)
        except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError, TimeoutError) as away:
            log.error("kept_version_unreachable", reason=repr(away))
            raise error from away
        try:
            with TemporaryDirectory(prefix="ilkim-kept-") as work:
                known = await asyncio.to_thread(load_kept, files, Path(work))
        except MunicipalityError as outdated:
            log.error("kept_version_unreadable", version=version, reason=str(outdated))
            raise error from outdated
        log.error("started_by_kept_version", version=version)
        self._take(known, KEPT)

    async def _look_for_drift(self) -> None:
        try:
            async with self._pool().acquire() as connection:
                found = await find_drift(connection, self.knowledge, datetime.now(UTC) - timedelta(weeks=WEEKS))
        except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("drift_not_measured", reason=repr(error))
            return
        if found is not None:
            tell(found)

    async def _keep(self) -> None:
        """Once for each version; a database that is away is tried again at the next look."""
        if self._is_kept or self._known is None:
            return
        try:
            async with self._pool().acquire() as connection:
                await kept.keep(connection, self._known.version, self._known.files, _here())
            self._is_kept, self._known = True, replace(self._known, files={})  # nobody asks for them again
        except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError, TimeoutError) as error:
            if not is_away(error):
                raise
            log.warning("version_not_kept_yet", version=self._known.version, reason=repr(error))


def _told(problem: Problem) -> dict[str, object]:
    return {name: value for name, value in problem._asdict().items() if value and name != "field"}


def _unreadable(error: OSError) -> Problem:
    return Problem(str(error.filename), "the file", f"cannot be read: {error.strerror}", "Make it readable")


def _here() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
