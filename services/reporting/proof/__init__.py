"""The proof that the sums close, and the way back when they do not: everything derived follows from the event log."""
