"""`python -m services.intake edge|worker|collector`: the processes of intake, scaled apart."""

import sys

from services.intake.app import collector, edge, worker
from shared.settings import stop

if __name__ == "__main__":
    match sys.argv[1:]:
        case ["edge"]:
            edge().run()
        case ["worker"]:
            worker().run()
        case ["collector"]:
            collector().run()
        case _:
            stop("say which process: python -m services.intake edge, worker or collector")
