"""The desk: the browser work list of the solution centre's people and of departments without software of their own.

Promise: what is offered stands in the list once, and each decision reaches the router exactly once.
In: offered assignments and what citizens add to them, from the owners' own queues. Out: the owners' answers.
"""
