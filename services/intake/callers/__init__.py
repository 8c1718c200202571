"""Programs that call the edge: who they are (API keys), how much they may, and what they asked already."""

from services.intake.callers.keys import ANYBODY, ApiKey, Caller, Callers, Scope, new_key
from services.intake.callers.once import Once, Receipt, idempotency_key

__all__ = ["ANYBODY", "ApiKey", "Caller", "Callers", "Once", "Receipt", "Scope", "idempotency_key", "new_key"]
