"""The dashboard: the day at a glance and a period from every side, each figure open to its parts and its cases."""

from services.reporting.board.pages import BoardPages

__all__ = ["BoardPages"]
