"""The numbers, always as fresh as the last event: an event log, a fact per case, and cells that add up.

In: every fact of every service. Out: figures, bulletin, pages.
"""
