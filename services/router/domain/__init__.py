"""The router's decisions as pure functions: whose a case is, where it lies, how soon it must be seen."""
