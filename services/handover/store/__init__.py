"""What the hand-over service keeps: hand-overs with their history, and letters; the citizens' words sealed."""
