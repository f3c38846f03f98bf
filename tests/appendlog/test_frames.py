"""Frames in a buffer: cut off or changed anywhere, what is whole is found, and nothing else is taken for a record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.appendlog.frames import PAYLOAD_BYTES_MAX, Damage, Frame, pack, scan

RECORDS = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), min_size=1, max_size=6)


def packed(records: list[tuple[int, bytes]]) -> tuple[bytes, list[int]]:
    """The bytes of all records, numbered from 1, and the offset at which each ends."""
    data, ends = b"", []
    for number, (kind, payload) in enumerate(records, 1):
        data += pack(kind, number, payload)
        ends.append(len(data))
    return data, ends


def read(data: bytes) -> tuple[list[tuple[int, int, bytes]], list[Damage]]:
    parts = list(scan(data, 0, 0))
    frames = [(part.kind, part.sequence, part.payload) for part in parts if isinstance(part, Frame)]
    return frames, [part for part in parts if isinstance(part, Damage)]


@given(RECORDS)
def test_records_are_read_as_they_were_written(records: list[tuple[int, bytes]]) -> None:
    data, _ = packed(records)
    assert read(data) == ([(kind, n, payload) for n, (kind, payload) in enumerate(records, 1)], [])


@given(RECORDS)
def test_cut_at_every_byte_only_the_record_that_was_cut_is_lost(records: list[tuple[int, bytes]]) -> None:
    data, ends = packed(records)
    for size in range(len(data) + 1):
        frames, damage = read(data[:size])
        whole = sum(end <= size for end in ends)
        assert [sequence for _, sequence, _ in frames] == list(range(1, whole + 1))
        begins = ends[whole - 1] if whole else 0
        assert damage == ([Damage(begins, size - begins, torn=True)] if size > begins else [])


@given(RECORDS, st.data())
def test_byte_changed_anywhere_damages_its_record_alone(
    records: list[tuple[int, bytes]], chance: st.DataObject
) -> None:
    data, ends = packed(records)
    wrong = chance.draw(st.integers(1, 255))
    for offset in range(len(data)):
        changed = data[:offset] + bytes([data[offset] ^ wrong]) + data[offset + 1 :]
        hit = sum(end <= offset for end in ends) + 1
        frames, damage = read(changed)
        assert [s for _, s, _ in frames] == [n for n in range(1, len(records) + 1) if n != hit]
        assert [(d.offset, d.torn) for d in damage] == [(ends[hit - 2] if hit > 1 else 0, hit == len(records))]


@given(st.binary(max_size=200))
def test_no_record_is_found_in_noise(noise: bytes) -> None:
    assert read(noise)[0] == []


def test_records_whose_sequence_does_not_rise_are_damage() -> None:
    frames, damage = read(pack(1, 5, b"a") + pack(1, 5, b"again") + pack(1, 4, b"older") + pack(1, 6, b"b"))
    assert [sequence for _, sequence, _ in frames] == [5, 6]
    assert len(damage) == 1


def test_payload_that_is_too_large_is_refused() -> None:
    pack(1, 1, bytes(PAYLOAD_BYTES_MAX))
    with pytest.raises(ValueError, match="the most is"):
        pack(1, 1, bytes(PAYLOAD_BYTES_MAX + 1))
