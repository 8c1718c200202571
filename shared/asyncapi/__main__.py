"""Prints the AsyncAPI document of the municipality in the environment: `python -m shared.asyncapi`."""

from shared.asyncapi import asyncapi

asyncapi()
