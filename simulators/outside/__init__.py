"""The world outside in one process: the SMS providers and social networks, as real servers of their protocols."""
