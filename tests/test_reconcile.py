"""`ilkim reconcile` in words and as JSON, written as the differences are found."""

import json

import pytest

from ops.reconcile import JsonTeller, Proven, Teller
from services.reporting.domain.differences import Check, Difference
from shared.ids import new_id
from tests.builders import AT

CASE = new_id()
GONE = Difference(Check.LOG, "reporting.event_log", {"case_id": CASE, "version": 2}, {"rows": 1}, None)
MORE = Difference(Check.FOLD, "reporting.contact_cell", {"day": AT.date()}, {"contacts": 1}, {"contacts": 2})
NONE = dict.fromkeys(Check, 0)


def test_differences_are_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    teller = JsonTeller()
    teller.tell(GONE)
    teller.tell(MORE)
    teller.end(Proven(False, True, 7, 0.5, NONE | {Check.LOG: 1, Check.FOLD: 1}))

    told = json.loads(capsys.readouterr().out)
    assert told["closes"] is False
    assert told["by_check"]["log"] == told["by_check"]["fold"] == 1
    first, second = told["differences"]
    assert first["row"] == {"case_id": str(CASE), "version": 2}
    assert first["found"] is None
    assert second["row"] == {"day": AT.date().isoformat()}


def test_no_difference_is_one_json_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    JsonTeller().end(Proven(True, True, 7, 0.5, NONE))

    told = json.loads(capsys.readouterr().out)
    assert (told["closes"], told["differences"], told["events"]) == (True, [], 7)


def test_each_check_says_whether_it_closes(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    teller.tell(GONE)
    teller.end(Proven(False, False, 7, 0.5, NONE | {Check.LOG: 1}))

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"log: reporting.event_log case_id={CASE} version=2")
    assert sum("closes" in line for line in lines) == len(Check) - 1
    assert "left out" in lines[-1]
