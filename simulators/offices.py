"""Plays the departments and institutions, and the solution centre's clerk, each case as its script says."""

from enum import StrEnum


class Course(StrEnum):
    """What an owner does with a case."""

    SOLVE = "solve"  # accepts it, closes it as solved
    ANSWER = "answer"  # accepts it, closes it as answered
    ACCEPT = "accept"  # accepts it and says no more; an institution's acceptance is the hand-over
    PROGRESS = "progress"  # accepts it and works on it
    ASK = "ask"  # accepts it and asks the citizen
    SILENT = "silent"  # has it and says nothing
    TRIAGE = "triage"  # nobody can say whose it is: it stays with the solution centre
