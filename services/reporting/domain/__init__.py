"""How events become figures: pure functions, the same whatever order events arrive in."""
