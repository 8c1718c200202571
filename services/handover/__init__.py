"""Institutions without a program of their own get their cases all the same, and every hand-over ends in a known state.

In: work for the institutions that have a sender, what they write by mail, link and API. Out: their answers, as any
owner's program gives them, on the answers exchange.
"""
