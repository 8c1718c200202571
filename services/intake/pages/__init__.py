"""The citizen's pages: the form, the page of a submission, the tracking page, the end of notices."""

from services.intake.pages.citizen import CitizenPages

__all__ = ["CitizenPages"]
