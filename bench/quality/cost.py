"""What deciding costs: CPU time of a message, memory and load time of the model, on one core."""

import gc
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns

from bench.quality.figure import Better, Figure
from bench.quality.rows import PLACE, read
from ops.route import MODEL
from services.router.domain.decision import Report, decide
from services.router.domain.knowledge import load_knowledge
from shared.personal import mask
from shared.text import clean

WARM_UP = 300
# A fresh interpreter that has everything but the model, and then loads it.
_LOADING = """
import resource, sys, time
from pathlib import Path
from services.router.domain import model
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 2**20
before, began = resident(), time.perf_counter()
loaded = model.load_model(Path(sys.argv[1]))
print(time.perf_counter() - began, resident() - before)
"""


def measure(data: Path) -> list[Figure]:
    """Masking and deciding, message by message, over the citizens' complaints."""
    texts = [row["text"] for row in read(data / "tr_belediye_birim/train.csv")]
    knowledge = load_knowledge(PLACE, MODEL)
    spent = _milliseconds(lambda text: decide(Report(mask(clean(text))), knowledge), texts)
    seconds, megabytes = map(float, _loading().split())
    letters = statistics.fmean(map(len, texts))
    how = f"{len(spent)} complaints, each once, mean {letters:.0f} letters: masked and decided, CPU time"
    return [
        Figure("cost per message, median", statistics.median(spent), aim=1, better=Better.LOWER, how=how, unit="ms"),
        Figure("cost per message, p99", _percentile(spent, 99), aim=5, better=Better.LOWER, how=how, unit="ms"),
        Figure(
            "text model in memory", megabytes, aim=60, better=Better.LOWER, how="resident, before and after", unit="MB"
        ),
        Figure("text model loads in", seconds, aim=1, better=Better.LOWER, how="a fresh process", unit="s"),
    ]


def _milliseconds(work: Callable[[str], object], texts: list[str]) -> list[float]:
    for text in texts[:WARM_UP]:
        work(text)
    gc.collect()
    spent = []
    for text in texts[WARM_UP:]:
        began = process_time_ns()
        work(text)
        spent.append((process_time_ns() - began) / 1e6)
    return spent


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def _loading() -> str:
    return subprocess.run(
        [sys.executable, "-c", _LOADING, str(MODEL)], check=True, capture_output=True, text=True
    ).stdout
