"""The WhatsApp Cloud API as our outside world sees it: a real HTTP server for tests, demo and bench."""
