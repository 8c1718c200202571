"""Nine months of a solution centre that never were, with the published figures of 2020 as their ground truth."""

from ops.nine_months.plan import PlannedContact, plan
from ops.nine_months.truth import Figure, Truth, truth_of

__all__ = ["Figure", "PlannedContact", "Truth", "plan", "truth_of"]
