"""Reads what the matcher was taught from its file; a file that is missing or broken never stops the router."""

import json
from pathlib import Path

from services.router.domain.incidents import Matcher, Weights, features
from services.router.domain.signature import Rarity

INCIDENTS_FILE = "incidents.json"


class MatcherError(ValueError):
    """Raised when the weights cannot be used; says what is wrong with them."""


def load_matcher(folder: Path) -> Matcher:
    """The matcher whose weights stand in the model's folder. Raises MatcherError."""
    path = folder / INCIDENTS_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        weights = Weights(float(content["bias"]), tuple(map(float, content["weights"])))
        shares = {int(stem): float(share) for stem, share in content["common_stems"].items()}
        rarity = Rarity(shares, float(content["share_of_rarer"]))
    except FileNotFoundError as error:
        raise MatcherError(f"{path} is missing") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MatcherError(f"{path} is broken: {error!r}") from error
    if len(weights.weights) != len(features(0.0, 0.0, 1)):
        raise MatcherError(f"{path} has {len(weights.weights)} weights, {len(features(0.0, 0.0, 1))} are needed")
    return Matcher(weights, rarity)
