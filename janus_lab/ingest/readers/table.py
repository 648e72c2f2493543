"""CSV and TSV: every row a line of "column: value", so that a row can be found and cited by itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from janus_lab.errors import CorruptFile, FileTooLarge
from janus_lab.ingest.cleaner import clean_line
from janus_lab.ingest.decoding import decode
from janus_lab.ingest.draft import LINE, TextDraft
from janus_lab.ingest.source_file import SourceFile
from janus_lab.values.document import ParsedDocument

FIELD_SEPARATOR = "; "
_SAMPLE_BYTES = 64 * 1024
_SAMPLE_ROWS = 50
_DELIMITERS = ",;\t|"
_ROWS_BETWEEN_CHECKS = 1000
_COLUMNS = 2000


def read_table(source: SourceFile) -> Iterator[ParsedDocument]:
    """One document; the first row names the columns unless it looks like data. Raises CorruptFile, FileTooLarge."""
    head = source.head(_SAMPLE_BYTES)
    sample, charset = decode(head[: head.rfind(b"\n") + 1] or head, source.charset)
    draft = TextDraft(source.limits.text_characters)
    # Read row by row: a table of the largest size allowed must not be held in memory twice.
    stream = io.TextIOWrapper(source.stream, charset, "replace", newline="")
    try:
        filled = _add_rows(draft, _rows(stream, _dialect(sample, source.extension)), source)
    finally:
        stream.detach()
    columns, rows = filled
    yield draft.finish(source.stem, "text/csv", metadata={"columns": columns, "rows": rows})


def _add_rows(draft: TextDraft, rows: Iterator[list[str]], source: SourceFile) -> tuple[list[str], int]:
    """Add every row; returns the names of the columns and the number of rows."""
    first = next(rows, [])
    names = [clean_line(cell) for cell in first]
    if not _is_header(names):
        names = [f"column {n}" for n in range(1, len(first) + 1)]
        rows = chain([first] if first else [], rows)
    count = 0
    for row in rows:
        count += 1
        if count % _ROWS_BETWEEN_CHECKS == 0:
            source.check_time()
        draft.add_cleaned(_line(names, row), LINE)
    if count == 0:
        draft.add_cleaned(FIELD_SEPARATOR.join(names))
    return names, count


def _rows(stream: Iterable[str], dialect: type[csv.Dialect]) -> Iterator[list[str]]:
    reader = csv.reader(stream, dialect)
    try:
        for row in reader:
            if len(row) > _COLUMNS:
                raise FileTooLarge(f"line {reader.line_num} has {len(row):,} columns", remedy="export fewer columns")
            if any(cell.strip() for cell in row):
                yield row
    except csv.Error as error:
        raise CorruptFile(f"line {reader.line_num} is no table row ({error})", remedy="correct that line") from error


def _dialect(sample: str, extension: str) -> type[csv.Dialect]:
    """The delimiter that cuts the first lines into equally many cells, more than one; quotes are always double quotes."""
    lines = sample.splitlines()[:_SAMPLE_ROWS]
    candidates = "\t" + _DELIMITERS if extension in (".tsv", ".tab") else _DELIMITERS
    chosen = max(candidates, key=lambda delimiter: (_regularity(lines, delimiter), -candidates.index(delimiter)))

    class Found(csv.excel):
        delimiter = chosen

    return Found


def _regularity(lines: Sequence[str], delimiter: str) -> float:
    try:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return 0.0
    if not counts or max(counts) == 1:
        return 0.0
    usual = max(set(counts), key=counts.count)
    return counts.count(usual) / len(counts) if usual > 1 else 0.0


def _is_header(row: Sequence[str]) -> bool:
    """Names: every cell filled, all different, none a number."""
    return all(row) and len(set(row)) == len(row) and not any(_is_number(cell) for cell in row)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _line(names: Sequence[str], row: Sequence[str]) -> str:
    labels = [*names, *(f"column {n}" for n in range(len(names) + 1, len(row) + 1))]
    cells = ((label, clean_line(cell)) for label, cell in zip(labels, row, strict=False))
    return FIELD_SEPARATOR.join(f"{label}: {cell}" for label, cell in cells if cell)
