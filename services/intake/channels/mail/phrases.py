"""Lists of phrases as patterns: alternatives stand apart by ` | ` and line ends, so that a list reads as one."""

import re


def alternatives(text: str) -> str:
    """The phrases as one group of a pattern; each may itself be a pattern."""
    listed = (phrase.strip() for line in text.strip().split("\n") for phrase in line.split(" | "))
    return f"(?:{'|'.join(phrase for phrase in listed if phrase)})"


def phrases(text: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """A pattern for any of the phrases, with what must stand before and after."""
    return re.compile(before + alternatives(text) + after)
