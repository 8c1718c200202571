"""A channel added from outside: what docs/new-channel.md builds, step by step."""
