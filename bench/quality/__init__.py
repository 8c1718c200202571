"""How good decisions are: accuracy, masking, places, duplicates and cost, each on texts nobody learned from."""
