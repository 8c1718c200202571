"""The bench's figures: CPU time is the kernel's, sums leave the outside out, ratios are taken round by round."""

import subprocess
import sys
import time
from collections import Counter

import pytest

from bench import cpu, report
from bench.floor_stage import STAGES
from bench.rounds import Measurement, Round, product_ms

BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('burnt', flush=True)\ninput()"
BURN_IN_A_CHILD = (
    f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN.replace('input()', '')!r}])\ninput()"
)

# The kernel counts in ticks of 10 ms, user and system apart.
LEAST_MS = 280


def a_floor(ms: float = 3.0, cases: int = 100) -> Round:
    share = ms * cases / 4
    return Round(cases, 1.0, {"intake": share, "generator": share, "department": share, "broker": share})


def a_system_round(ms: float = 3.0, cases: int = 100) -> Round:
    outside = {"load generator": 700.0, "whatsapp": 800.0, "department": 900.0}
    return Round(cases, 2.0, {"edge": ms * cases / 2, "postgresql": ms * cases / 2, **outside})


@pytest.mark.parametrize("program", [BURN, BURN_IN_A_CHILD], ids=["by itself", "by a child that ended"])
def test_what_a_process_burnt_is_counted(program: str) -> None:
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 5
        while (spent := cpu.tree_ms({"it": process.pid})["it"]) < LEAST_MS and time.monotonic() < deadline:
            time.sleep(0.01)
        process.communicate(b"\n")

    assert LEAST_MS <= spent < 2000


def test_a_process_that_is_gone_costs_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()

    assert cpu.tree_ms({"gone": process.pid}) == {"gone": 0}


def test_the_product_is_everything_but_the_outside() -> None:
    assert product_ms(a_system_round(ms=2.5)) == pytest.approx(2.5)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    floors = [a_floor(2.0), a_floor(4.0), a_floor(1.0)]
    rounds = [a_system_round(4.0), a_system_round(4.0), a_system_round(5.0)]

    measured = Measurement(floors, rounds, rounds, {})

    assert measured.ratio.median == pytest.approx(2.0)
    assert (measured.ratio.least, measured.ratio.most) == pytest.approx((1.0, 5.0))


def test_the_stricter_ratio_leaves_out_the_floors_outside() -> None:
    measured = Measurement([a_floor(4.0)], [a_system_round(4.0)], [a_system_round(4.0)], {})

    assert measured.ratio_alike.median == pytest.approx(2.0)


def test_the_table_names_every_process_and_both_ratios() -> None:
    table = report.table(Measurement([a_floor(4.0)], [a_system_round(6.0)], [a_system_round(8.0)], {"edge": 1.0}))

    for words in ("edge", "postgresql", "(outside) whatsapp", "sum", "whole floor", "1.500", "2.000", "3.000"):
        assert words in table


def test_the_floor_is_nine_messages_a_case() -> None:
    given = Counter({"intake": 1})  # by the generator
    for stage in STAGES:
        given.update(dict.fromkeys(stage.gives, stage.takes))

    assert given == {stage.name: stage.takes for stage in STAGES}
    assert given.total() == 9
