"""The published contract: an AsyncAPI 3.0 document made from the wiring, for whoever writes against our broker."""

from shared.asyncapi.document import asyncapi, build

__all__ = ["asyncapi", "build"]
