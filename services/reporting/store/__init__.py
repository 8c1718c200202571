"""Reporting's tables: the event log, a fact per case, and the cells all figures are sums of."""

from typing import Final

# All that is made from the event log and can be made again; the tables name no schema, the search path does.
DERIVED: Final = (
    "case_fact",
    "case_move",
    "case_rollup",
    "case_bin",
    "case_cell",
    "contact_cell",
    "notice_cell",
    "survey_cell",
    "case_closing",
    "survey_answer",
)
