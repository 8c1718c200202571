"""`ilkim rules`: check, try and apply rules, and what departments' returns and the desk's decisions say about them."""
