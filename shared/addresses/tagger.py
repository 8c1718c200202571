"""Which words belong to an address: a small linear chain over the kinds, shapes and neighbours of words."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np

from shared.addresses.lexicon import WordKind
from shared.addresses.tokens import Tokens

WEIGHTS: Final = Path(__file__).parent / "weights.npz"
BUCKETS: Final = 1 << 15
BEGIN, INSIDE, OUT = range(3)
_SCORES_KEPT_MAX: Final = 65_536
_CUE_DISTANCE_MAX: Final = 5
_CUE_KINDS: Final = frozenset(
    {
        WordKind.NEIGHBOURHOOD,
        WordKind.STREET,
        WordKind.VILLAGE,
        WordKind.BUILDING,
        WordKind.PUBLIC,
        WordKind.NUMBER,
        WordKind.DISTRICT,
    }
)
_BREAKS: Final = frozenset("!#@:(),/;")

Sign: TypeAlias = tuple[str, ...]
Score: TypeAlias = tuple[float, float, float]


def signs(tokens: Tokens, start: int, end: int) -> Iterator[tuple[Sign, ...]]:
    """For each word of a window what speaks for or against its lying in an address; the same when training."""
    kinds = ["^", "^", *tokens.kinds, "$", "$"]
    shapes = ["^", *tokens.shapes, "$"]
    words = ["^", *tokens.words, "$"]
    gaps = [*tokens.gaps, "$", "$"]
    ahead = _cues_ahead(tokens, start, end)
    behind = _cues_behind(tokens, start, end)
    mode = _mode(tokens.shapes[start:end])
    for at in range(start, end):
        yield (
            ("k", *kinds[at : at + 5]),
            ("g", gaps[at], gaps[at + 1], *kinds[at + 1 : at + 4]),
            ("s", mode, *shapes[at : at + 3], kinds[at + 2], kinds[at + 3], gaps[at], gaps[at + 1]),
            ("c", *ahead[at - start], *behind[at - start], shapes[at + 1], kinds[at + 2]),
            ("w", words[at + 1]),
            ("v", words[at]),
            ("x", words[at + 2]),
        )


def buckets(sign: Sign) -> tuple[int, ...]:
    """The hashed features of a sign; nobody can read a word out of them."""
    return tuple(crc32(feature.encode()) % BUCKETS for feature in _features(sign))


class Tagger:
    """Weighed signs and the best chain of them; safe to share, tagging changes nothing but its caches."""

    def __init__(self, values: Any, steps: Any) -> None:
        self._values = values  # BUCKETS x 3
        self._steps = [[float(step) for step in row] for row in steps]  # from x to
        self._score = lru_cache(maxsize=_SCORES_KEPT_MAX)(self._score_of)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> "Tagger":
        """The trained weights; raises OSError or ValueError when they cannot be read."""
        with np.load(path) as file:
            return cls(file["values"].astype(np.float32), file["steps"])

    def tag(self, tokens: Tokens, start: int, end: int) -> list[int]:
        """BEGIN, INSIDE or OUT for each word of the window, together the likeliest."""
        score = self._score
        rows = []
        for found in signs(tokens, start, end):
            begin = inside = out = 0.0
            for sign in found:
                a, b, c = score(sign)
                begin += a
                inside += b
                out += c
            rows.append((begin, inside, out))
        return _best_chain(rows, self._steps)

    def _score_of(self, sign: Sign) -> Score:
        begin, inside, out = self._values[list(buckets(sign))].sum(axis=0)
        return float(begin), float(inside), float(out)


def _best_chain(rows: Sequence[Score], steps: Sequence[Sequence[float]]) -> list[int]:
    """Viterbi's; INSIDE never follows OUT."""
    (bb, bi, bo), (ib, ii, io), (ob, _, oo) = steps
    begin, inside, out = rows[0][0], float("-inf"), rows[0][2]
    back: list[tuple[int, int, int]] = []
    for row in rows[1:]:
        from_begin = max((begin + bb, BEGIN), (inside + ib, INSIDE), (out + ob, OUT))
        from_inside = (begin + bi, BEGIN) if begin + bi >= inside + ii else (inside + ii, INSIDE)
        from_out = max((begin + bo, BEGIN), (inside + io, INSIDE), (out + oo, OUT))
        back.append((from_begin[1], from_inside[1], from_out[1]))
        begin, inside, out = from_begin[0] + row[0], from_inside[0] + row[1], from_out[0] + row[2]
    tags = [max((begin, BEGIN), (inside, INSIDE), (out, OUT))[1]]
    for came in reversed(back):
        tags.append(came[tags[-1]])
    return tags[::-1]


def _features(sign: Sign) -> Iterator[str]:
    name, *parts = sign
    match name:
        case "k":
            for offset, kind in enumerate(parts):
                yield f"k{offset}:{kind}"
            for offset, pair in enumerate(pairwise(parts)):
                yield f"kk{offset}:{'|'.join(pair)}"
            yield f"kkk:{'|'.join(parts[1:4])}"
            yield f"kkl:{'|'.join(parts[:3])}"
            yield f"kkr:{'|'.join(parts[2:])}"
        case "g":
            before, after, previous, kind, following = parts
            yield from (f"g:{before}", f"h:{after}", f"gk:{before}{kind}", f"hk:{kind}{after}")
            yield from (f"gkk:{previous}{before}{kind}", f"hkk:{kind}{after}{following}", f"gh:{before}{after}{kind}")
        case "s":
            mode, previous, shape, following, kind, next_kind, before, after = parts
            yield from (f"s:{mode}{shape}", f"sp:{mode}{previous}{shape}", f"sn:{mode}{shape}{following}")
            yield from (
                f"sk:{mode}{shape}{kind}",
                f"sg:{mode}{previous}{before}{shape}",
                f"sgn:{shape}{after}{following}",
            )
            yield f"skn:{mode}{shape}{kind}{next_kind}"
        case "c":
            next_cue, next_far, last_cue, last_far, shape, kind = parts
            yield from (f"cn:{next_cue}{next_far}", f"cl:{last_cue}{last_far}", f"cnk:{next_cue}{next_far}{kind}")
            yield from (f"cns:{next_cue}{next_far}{shape}", f"cls:{last_cue}{last_far}{shape}{kind}")
            yield f"cnl:{next_cue}{next_far}{last_cue}{last_far}"
        case _:
            word = parts[0]
            yield f"{name}:{word}"
            yield f"{name}5:{word[:5]}"
            yield f"{name}e:{word[-3:]}"


def _mode(shapes: Sequence[str]) -> str:
    """Whether the window is written in capitals, in small letters or as one should."""
    upper, lower = shapes.count("U"), shapes.count("l")
    if upper > 2 * lower:
        return "U"
    return "l" if lower > 3 * shapes.count("C") else "n"


def _cues_ahead(tokens: Tokens, start: int, end: int) -> list[tuple[str, str]]:
    """The next word that ends a part of an address, and how far, unless a sign stands between."""
    found, cue, far = [], "-", 0
    for at in range(min(end + _CUE_DISTANCE_MAX, len(tokens)) - 1, start - 1, -1):
        if at < end:
            found.append((cue, str(far)) if cue != "-" and far <= _CUE_DISTANCE_MAX else ("-", ""))
        if tokens.kinds[at] in _CUE_KINDS:
            cue, far = tokens.kinds[at], 0
        if tokens.gaps[at] in _BREAKS:
            cue = "-"
        far += 1
    return found[::-1]


def _cues_behind(tokens: Tokens, start: int, end: int) -> list[tuple[str, str]]:
    found, cue, far = [], "-", 0
    for at in range(max(0, start - _CUE_DISTANCE_MAX), end):
        if tokens.gaps[at] in "!#@":
            cue = "-"
        far += 1
        if at >= start:
            found.append((cue, str(far)) if cue != "-" and far <= _CUE_DISTANCE_MAX else ("-", ""))
        if tokens.kinds[at] in _CUE_KINDS:
            cue, far = tokens.kinds[at], 0
    return found
