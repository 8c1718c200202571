"""What is printed: a bulletin or a table as words, as PDF and as plain text, out of one view of it."""

from services.reporting.papers.bulletin import Line, Paper, Part, lay_out
from services.reporting.papers.plain import plain_text
from services.reporting.papers.typeset import as_pdf, as_pictures

__all__ = ["Line", "Paper", "Part", "as_pdf", "as_pictures", "lay_out", "plain_text"]
