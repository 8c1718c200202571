"""Puts typing errors right where that helps to find known words: only in words that are none, and only when sure."""

from shared.spelling.abbreviations import expanded
from shared.spelling.speller import Correction, Speller

__all__ = ["Correction", "Speller", "expanded"]
