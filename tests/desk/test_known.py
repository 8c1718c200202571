"""What the desk knows of cases that others hold, by values alone."""

from itertools import permutations

from services.desk.domain.known import fold_facts
from tests.builders import a_case_assigned, a_case_closed, a_case_reopened, an_id


def test_a_reopened_case_is_open_again_in_whatever_order_its_steps_come() -> None:
    case = an_id()
    steps = [
        a_case_assigned(case_id=case, version=2),
        a_case_closed(case_id=case, version=3),
        a_case_reopened(case_id=case, version=4),
    ]

    assert {fold_facts(order)[0].is_open for order in permutations(steps)} == {True}
    assert not fold_facts(steps[:2])[0].is_open
