"""The whole story of a case: what the router and the notifier tell of it is kept, what intake knows is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.desk.domain.identity import Identity, Permission
from services.desk.domain.items import Item
from services.desk.domain.story import Note, Photo, Told, fact_of, latest_notices
from services.desk.records import Records
from services.desk.store import files as file_store
from services.desk.store import looks
from services.desk.store import story as story_store
from services.desk.store import work as work_store
from shared.contracts import CaseEvent, Message, NoticeRecorded
from shared.contracts.inside import KnownPerson, ToldCase, ToldEarlier
from shared.messaging import Service, Unit


class NotAllowed(Exception):
    """Raised when an identity lacks the permission that something takes."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission)
        self.permission = permission


@dataclass(frozen=True, slots=True)
class Whole:
    """A case with all that is known of it. `intake` None: it was not reached, so that contacts are missing."""

    told: Told
    intake: ToldCase | None

    @property
    def version(self) -> int:
        """The latest step of the case we know of."""
        offered = [item.version or 0 for item in self.told.items.values()]
        return max([fact.version for fact in self.told.facts] + offered, default=0)


@dataclass(frozen=True)
class Cases:
    """What is known of cases beyond our own items."""

    service: Service
    records: Records

    async def take_facts(self, unit: Unit, events: Sequence[Message]) -> None:
        """Keep the life of every case, whoever holds it."""
        facts = [fact_of(event) for event in events if isinstance(event, CaseEvent)]
        await story_store.add_facts(unit.connection, facts)

    async def take_notices(self, unit: Unit, events: Sequence[Message]) -> None:
        """Keep what citizens were told, and whether it arrived."""
        notices = latest_notices(event for event in events if isinstance(event, NoticeRecorded))
        await story_store.save_notices(unit.connection, notices)

    async def whole(self, item: Item, notes: Sequence[Note] = ()) -> Whole:
        """The case of an item with all that is known of it; goes on without intake. `notes`: of colleagues."""
        pool = self.service.pool
        intake = await self.records.case(item.case_id)
        items = {other.assignment_id: other for other in await work_store.of_case(pool, item.case_id)}
        contacts = intake.contacts if intake else None
        told = Told(
            items=items,
            steps=await work_store.steps(pool, list(items)),
            facts=await story_store.facts_of(pool, item.case_id),
            contacts=contacts,
            notes=notes,
            photos=[
                Photo(file.id, file.at, file.by_whom)
                for file in await file_store.files_of(pool, item.case_id)
                if file.is_finished and file.at
            ],
            notices=await story_store.notices_of(
                pool, item.case_id, [contact.contact_id for contact in contacts or ()]
            ),
        )
        return Whole(told, intake)

    async def people(self, item: Item, by: Identity) -> tuple[KnownPerson, ...] | None:
        """Who told of a case, and that somebody looked is kept; None: intake was not reached. Raises NotAllowed."""
        if not may_see_people(item, by):
            raise NotAllowed(Permission.TIP_IDENTITY if item.hides_identity else Permission.CONTACT_DETAILS)
        async with self.service.pool.acquire() as connection:
            await looks.record(connection, by.name, "case", item.case_id)
        return await self.records.people(item.case_id)


def may_see_people(item: Item, by: Identity) -> bool:
    """Names and addresses are seen by permission; who told a tip by one of its own."""
    may = by.may(Permission.CONTACT_DETAILS)
    return may and (by.may(Permission.TIP_IDENTITY) or not item.hides_identity)


def earlier_of_person(item: Item, intake: ToldCase | None, by: Identity) -> tuple[ToldEarlier, ...]:
    """The citizen's other cases. Of a tip none, for they lead to who told it, but to who may know that."""
    if intake is None or (item.hides_identity and not by.may(Permission.TIP_IDENTITY)):
        return ()
    return intake.of_person
