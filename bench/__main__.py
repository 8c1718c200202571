"""`python -m bench`: measures floor and system alternately, prints the table, writes bench/results/latest.json."""

import argparse
import shutil
import sys

from bench import floor, installation, opening_leg, report
from bench.installation import Servers
from bench.rounds import Measurement, Round

IDLE_SECONDS = 10.0


def main() -> None:
    chosen = _arguments()
    # From nothing every time: no run is slower or faster for what an earlier one left behind.
    installation.stop_all()
    shutil.rmtree(installation.STATE, ignore_errors=True)
    try:
        servers = installation.start()
        measurement = _measure(servers, chosen)
        file = report.write(measurement, servers, vars(chosen))
    finally:
        if not chosen.keep:
            installation.stop_all()
    print(f"\n{report.table(measurement)}\n\n{file}")
    if chosen.ratio_max and measurement.ratio.median > chosen.ratio_max:
        sys.exit(f"a case costs {measurement.ratio.median:.2f} times the floor; at most {chosen.ratio_max} is allowed")


def _measure(servers: Servers, chosen: argparse.Namespace) -> Measurement:
    system = opening_leg.start(servers)
    idle = opening_leg.idle_ms_per_second(system, IDLE_SECONDS)
    floors: list[Round] = []
    quiet: list[Round] = []
    reported: list[Round] = []
    for number in range(1, chosen.rounds + 1):
        print(f"round {number} of {chosen.rounds}", flush=True)
        floors.append(floor.measure(servers, chosen.cases, chosen.warm_up))
        quiet.append(opening_leg.measure(system, chosen.cases, chosen.warm_up, statuses=False))
        reported.append(opening_leg.measure(system, chosen.cases, chosen.warm_up, statuses=True))
    return Measurement(floors, quiet, reported, idle)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--cases", type=int, help="a round (3000; quick: 300)")
    parser.add_argument("--warm-up", type=int, help="cases before each round (500; quick: 100)")
    parser.add_argument("--rounds", type=int, help="of each kind, alternately (3; quick: 1)")
    parser.add_argument("--quick", action="store_true", help="small figures: shows that it runs, not what it costs")
    parser.add_argument("--keep", action="store_true", help="leave the installation running, to look into it")
    parser.add_argument("--ratio-max", type=float, help="exit 1 when a case costs more times the floor than this")
    chosen = parser.parse_args()
    for name, usual, quick in (("cases", 3000, 300), ("warm_up", 500, 100), ("rounds", 3, 1)):
        if getattr(chosen, name) is None:
            setattr(chosen, name, quick if chosen.quick else usual)
    return chosen


if __name__ == "__main__":
    main()
