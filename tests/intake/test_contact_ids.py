"""Who waits for a contact knows its id beforehand."""

from services.intake.domain import contact_id
from tests.builders import a_message


def test_a_message_knows_the_contact_it_becomes() -> None:
    message = a_message()

    assert message.contact_id == contact_id(message.channel, message.account, message.provider_id, message.occurred_at)
