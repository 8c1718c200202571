"""What every page is built from: base templates, one stylesheet, two languages, Turkish numbers and dates."""

from shared.pages.catalogue import LANGUAGES, Catalogue
from shared.pages.formats import Formats
from shared.pages.rendering import Pages

__all__ = ["LANGUAGES", "Catalogue", "Formats", "Pages"]
