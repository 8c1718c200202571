"""One short function per message: read it, ask the domain, tell the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from services.router.domain.knowledge import Knowledge
from services.router.handlers.answering import Answerer
from services.router.handlers.ground import Ground, report_of
from services.router.handlers.joining import SAID, Joiner
from services.router.handlers.opening import Opener
from services.router.handlers.recording import Recorder
from services.router.handlers.silence import Listener
from services.router.handlers.telling import Offerer
from shared.contracts import CaseOpened, Message, TaskSettled
from shared.messaging import Unit
from shared.municipality import Municipality

__all__ = ["Router", "report_of"]


@dataclass(frozen=True)
class Router:
    """What the handlers work with; built once for each version of what is known."""

    place: Municipality
    knowledge: Knowledge

    async def take_cases(self, unit: Unit, events: Sequence[Message]) -> None:
        """Give every opened case an owner and a due time; then move cases as their citizens say."""
        opened = [event for event in events if isinstance(event, CaseOpened)]
        if opened:
            await self._opener.open(unit, opened)
        said = [event for event in events if isinstance(event, SAID)]
        if said:
            await self._joiner.join(unit, said)

    async def take_answers(self, unit: Unit, events: Sequence[Message]) -> None:
        """Move cases as their owners say, each answer once, late and repeated ones without effect."""
        await self._answerer.take(unit, events)

    async def take_settled(self, unit: Unit, events: Sequence[Message]) -> None:
        """Do as a person decided on what the router asked them."""
        await self._joiner.settle(unit, [event for event in events if isinstance(event, TaskSettled)])

    @cached_property
    def listener(self) -> Listener:
        """Lets cases go on when their citizens are silent."""
        return Listener(self.ground, self._recorder)

    @cached_property
    def ground(self) -> Ground:
        return Ground(self.place, self.knowledge)

    @cached_property
    def _opener(self) -> Opener:
        return Opener(self.ground, self._recorder.offerer)

    @cached_property
    def _joiner(self) -> Joiner:
        return Joiner(self.ground, self._recorder)

    @cached_property
    def _answerer(self) -> Answerer:
        return Answerer(self.ground, self._recorder)

    @cached_property
    def _recorder(self) -> Recorder:
        return Recorder(Offerer(self.ground))
