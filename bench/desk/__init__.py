"""How long the desk's lists take with a hundred thousand open items."""
