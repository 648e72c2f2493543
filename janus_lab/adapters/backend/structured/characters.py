"""Characters as UTF-8 and as JSON strings write them, as expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from janus_lab.adapters.backend.structured.expressions import Bytes, Choice, Expression, OneOf, Sequel

Range = tuple[int, int]
"""Code points from the first to the second, both among them."""

LAST = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
_BLOCKS = ((0x0, 0x7F), (0x80, 0x7FF), (0x800, 0xFFFF), (0x10000, LAST))
"""Code points that take one, two, three, four bytes."""
_SHORT = {0x22: '\\"', 0x5C: "\\\\", 0x8: "\\b", 0xC: "\\f", 0xA: "\\n", 0xD: "\\r", 0x9: "\\t"}
_HEX = frozenset(b"0123456789abcdefABCDEF")


def joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same code points as ranges that neither touch nor overlap, in order, without surrogates."""
    whole: list[Range] = []
    for low, high in sorted(_without(ranges, _SURROGATES)):
        if whole and low <= whole[-1][1] + 1:
            whole[-1] = (whole[-1][0], max(whole[-1][1], high))
        else:
            whole.append((low, high))
    return tuple(whole)


def others(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Every code point that is not among these."""
    rest: list[Range] = []
    start = 0
    for low, high in joined(ranges):
        if low > start:
            rest.append((start, low - 1))
        start = high + 1
    return joined([*rest, (start, LAST)] if start <= LAST else rest)


def in_string(ranges: Sequence[Range]) -> Expression:
    """One character of these, as it stands within a JSON string: itself, or escaped where that must be."""
    plain = _without(_without(_without(ranges, (0x0, 0x1F)), (0x22, 0x22)), (0x5C, 0x5C))
    escaped = [c for low, high in ranges for c in (*range(low, min(high, 0x1F) + 1), 0x22, 0x5C) if low <= c <= high]
    options: list[Expression] = [Bytes(_SHORT.get(c, f"\\u{c:04x}").encode()) for c in sorted(set(escaped))]
    return Choice([*_utf8(joined(plain)), *options])


def in_utf8(ranges: Sequence[Range]) -> Expression:
    """One character of these, as it is."""
    return Choice([*_utf8(joined(ranges))])


def any_in_string() -> Expression:
    """Any character as it may stand within a JSON string, escaped in any way that JSON allows."""
    plain = joined([(0x20, 0x21), (0x23, 0x5B), (0x5D, LAST)])
    return Choice([*_utf8(plain), Sequel(Bytes(b"\\"), Choice([OneOf(b'"\\/bfnrt'), _escaped_unit()]))])


def _escaped_unit() -> Expression:
    """`u` and four digits that are no half of a pair, or a whole pair."""
    digit = OneOf(_HEX)
    d, low, high = OneOf(b"dD"), OneOf(b"89abAB"), OneOf(b"cdefCDEF")
    return Sequel(
        Bytes(b"u"),
        Choice(
            [
                Sequel(OneOf(_HEX - frozenset(b"dD")), digit, digit, digit),
                Sequel(d, OneOf(b"01234567"), digit, digit),
                Sequel(d, low, digit, digit, Bytes(b"\\u"), d, high, digit, digit),
            ]
        ),
    )


def _without(ranges: Iterable[Range], hole: Range) -> Iterator[Range]:
    for low, high in ranges:
        if low < hole[0]:
            yield low, min(high, hole[0] - 1)
        if high > hole[1]:
            yield max(low, hole[1] + 1), high


def _utf8(ranges: Iterable[Range]) -> Iterator[Expression]:
    single: set[int] = set()
    for low, high in ranges:
        for first, last in _BLOCKS:
            start, end = max(low, first), min(high, last)
            if start > end:
                continue
            if last == _BLOCKS[0][1]:
                single.update(range(start, end + 1))
            else:
                yield from _sequences(chr(start).encode(), chr(end).encode())
    if single:
        yield OneOf(single)


def _sequences(low: bytes, high: bytes) -> Iterator[Expression]:
    """Every well-formed sequence of as many bytes from `low` to `high`."""
    if len(low) == 1:
        yield OneOf(range(low[0], high[0] + 1))
        return
    least, most = bytes([0x80] * (len(low) - 1)), bytes([0xBF] * (len(low) - 1))
    if low[0] == high[0]:
        yield from (Sequel(Bytes(low[:1]), tail) for tail in _sequences(low[1:], high[1:]))
        return
    start, end = low[0], high[0]
    if low[1:] != least:
        yield from (Sequel(Bytes(low[:1]), tail) for tail in _sequences(low[1:], most))
        start += 1
    if high[1:] != most:
        yield from (Sequel(Bytes(high[:1]), tail) for tail in _sequences(least, high[1:]))
        end -= 1
    if start <= end:
        yield Sequel(OneOf(range(start, end + 1)), *[OneOf(range(0x80, 0xC0))] * len(least))
