"""A table as Parquet: true types, and a row group at a time."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from services.reporting.exports.table import Kind, Progress, Table

GROUP_ROWS: Final = 10_000  # what is held in memory


async def write_parquet(table: Table, path: Path, progress: Progress) -> None:
    """Write the table; each field says in its metadata what it is called for people."""
    schema = _schema(table)
    waiting: list[Any] = []
    pa.set_memory_pool(pa.system_memory_pool())  # the others keep what they were given
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        async for rows in table.batches:
            if not rows:
                continue
            columns = zip(*rows, strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
            waiting.append(pa.record_batch(arrays, schema=schema))
            if sum(batch.num_rows for batch in waiting) >= GROUP_ROWS:
                await asyncio.to_thread(writer.write_table, pa.Table.from_batches(waiting), GROUP_ROWS * 2)
                waiting = []
            progress(len(rows))
        if waiting:
            await asyncio.to_thread(writer.write_table, pa.Table.from_batches(waiting), GROUP_ROWS * 2)


def _schema(table: Table) -> Any:
    types: Mapping[Kind, Any] = {
        Kind.TEXT: pa.string(),
        Kind.DAY: pa.date32(),
        Kind.MOMENT: pa.timestamp("us", tz=str(table.zone)),
        Kind.FLAG: pa.bool_(),
        Kind.WHOLE: pa.int64(),
    }
    return pa.schema(
        [pa.field(column.code, types[column.kind], metadata={"title": column.title}) for column in table.columns]
    )
