"""The phrase book: what citizens say, topic by topic, and how one sentence is drawn from its patterns."""

import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

BOOK: Final = Path(__file__).parent / "phrases.toml"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z]+)\}")

SLOTS: Final[Mapping[str, Sequence[str]]] = {
    "since": (
        *("dünden beri", "sabahtan beri", "iki gündür", "üç gündür", "4 gündür", "5 gündür", "günlerdir"),
        *("bir haftadır", "1 haftadır", "10 gündür", "iki haftadır", "haftalardır", "uzun süredir", "bir aydır"),
    ),
    "days": tuple(map(str, range(2, 16))),
    "times": ("iki kez", "iki kere", "üç kez", "3 defa", "kaç kere", "defalarca", "4 kez", "çok kez"),
    "night": (
        *("gece yarısına kadar", "gece 1'e kadar", "gece 2'ye kadar", "sabaha kadar", "geç saate kadar"),
        *("saat 23'ten sonra", "her gece", "hafta sonları"),
    ),
    "amount": tuple(f"{lira} {unit}" for lira in (25, 45, 60, 85, 120, 180, 240, 350, 480) for unit in ("lira", "TL")),
    "who": ("annem", "babam", "eşim", "dedem", "ninem", "kardeşim", "teyzem", "amcam", "yan komşumuz"),
}


@dataclass(frozen=True, slots=True)
class Sayings:
    """The patterns of one topic. `place`: always, never or either; `months`: when it happens at all."""

    code: str
    patterns: tuple[str, ...]
    place: str = "either"
    months: tuple[int, ...] = tuple(range(1, 13))
    weight: int = 1


@cache
def book() -> Mapping[str, Sayings]:
    """All sayings by topic code, in the order of the file."""
    return {code: _sayings(code, entry) for code, entry in tomllib.loads(BOOK.read_text(encoding="utf-8")).items()}


def say(pattern: str, chance: random.Random, **given: str) -> str:
    """A sentence from a pattern: choices made, slots filled."""
    chosen = _CHOICE.sub(lambda found: chance.choice(found[1].split("|")), pattern)
    filled = _SLOT.sub(lambda found: given.get(found[1]) or chance.choice(SLOTS[found[1]]), chosen)
    return filled[0].upper() + filled[1:] if filled[0] != "i" else "İ" + filled[1:]


def _sayings(code: str, entry: Mapping[str, Any]) -> Sayings:
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return Sayings(code, fields.pop("says"), **fields)
