"""The file of subject keys: keys stay, destroyed ones are gone from it, whatever ends the process."""

import os
from pathlib import Path

import pytest

from server.errors import LogUnavailable, StartupError
from server.journal.sealing import ERASED, READABLE, UNREADABLE, Sealing, Values
from server.journal.subject_keys import FILE, RECORD_BYTES, SubjectKeys

ANN, BOB = b"a" * 16, b"b" * 16
SECRET = b"s" * 32


def test_keys_are_the_same_after_a_restart(tmp_path: Path) -> None:
    keys = SubjectKeys(tmp_path)
    made = keys.made([ANN, BOB, ANN])
    assert made[ANN][1] != made[BOB][1]
    keys.close()
    again = SubjectKeys(tmp_path)
    assert again.made([BOB, ANN]) == made
    assert again.find(made[ANN][0]) == made[ANN][1]
    assert again.find(3) is None


def test_destroyed_key_is_in_no_byte_of_the_file_and_its_number_is_not_given_again(tmp_path: Path) -> None:
    keys = SubjectKeys(tmp_path)
    (number, key), (_, other) = keys.made([ANN, BOB])[ANN], keys.made([BOB])[BOB]
    assert key in (tmp_path / FILE).read_bytes()
    assert keys.destroy([ANN, b"c" * 16]) == 1
    assert keys.destroy([ANN]) == 0
    data = (tmp_path / FILE).read_bytes()
    assert key not in data
    assert other in data
    for reopened in (keys, SubjectKeys(tmp_path)):
        assert reopened.find(number) == b""
        following, new_key = reopened.made([ANN])[ANN]
        assert following == 3
        assert new_key != key


@pytest.mark.parametrize("cut", [1, 30, RECORD_BYTES - 1])
def test_record_that_was_cut_off_is_dropped(tmp_path: Path, cut: int) -> None:
    keys = SubjectKeys(tmp_path)
    made = keys.made([ANN])
    keys.made([BOB])
    file = tmp_path / FILE
    file.write_bytes(file.read_bytes()[:-cut])
    again = SubjectKeys(tmp_path)
    assert again.made([ANN]) == made
    assert again.made([BOB])[BOB][0] == 2
    assert file.stat().st_size == 3 * RECORD_BYTES


def test_file_that_is_something_else_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.write_bytes(b"x" * 200)
    with pytest.raises(StartupError, match="no file of subject keys"):
        SubjectKeys(tmp_path)
    assert file.read_bytes() == b"x" * 200


def test_damaged_record_is_reported_and_gives_no_key(tmp_path: Path) -> None:
    number, _ = SubjectKeys(tmp_path).made([ANN])[ANN]
    file = tmp_path / FILE
    data = bytearray(file.read_bytes())
    data[number * RECORD_BYTES + 20] ^= 1
    file.write_bytes(data)
    assert SubjectKeys(tmp_path).made([ANN])[ANN][0] == number + 1


@pytest.mark.parametrize("place", [3, 20, 48, 50, 62])
def test_damaged_record_opens_nothing_and_goes_with_the_next_that_is_destroyed(tmp_path: Path, place: int) -> None:
    """Whichever byte it is: of the subject, the key, the state, the zeros or the checksum."""
    keys = SubjectKeys(tmp_path)
    number, key = keys.made([ANN])[ANN]
    file = tmp_path / FILE
    data = bytearray(file.read_bytes())
    data[number * RECORD_BYTES + place] ^= 1
    file.write_bytes(data)
    for reopened in (keys, SubjectKeys(tmp_path)):
        assert reopened.find(number) is None
        assert reopened.made([ANN])[ANN][1] not in (key, bytes(32))
    assert reopened.destroy([BOB]) == 0
    assert key[8:] not in file.read_bytes()
    assert reopened.find(number) == b""


def test_after_a_destruction_that_failed_nothing_is_sealed_by_zeros_and_it_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = SubjectKeys(tmp_path)
    number, key = keys.made([ANN, BOB])[ANN]

    def refuse(_: int) -> None:
        raise OSError(5, "the device refused")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(LogUnavailable, match="the device refused"):
            keys.destroy([ANN])
    assert keys.find(number) == b""
    other, new_key = keys.made([ANN])[ANN]
    assert other == 3
    assert new_key not in (key, bytes(32))
    assert keys.destroy([ANN]) == 1
    assert keys.find(other) == keys.find(number) == b""
    assert keys.find(2)


def test_values_open_under_their_own_subject_only(tmp_path: Path) -> None:
    sealing = Sealing(SubjectKeys(tmp_path), SECRET)
    ann, bob = sealing.subject("People", "ann"), sealing.subject("people", "bob")
    values = Values("ann", None, "new ☃")
    [sealed] = sealing.seal([(ann, values)])
    sealing.seal([(bob, values)])
    assert sealing.subject("PEOPLE", "ann") == ann
    assert sealing.subject("other", "ann") != ann
    assert sealing.open(ann, sealed.key_number, sealed.data) == (values, READABLE)
    assert sealing.open(bob, sealed.key_number, sealed.data) == (None, UNREADABLE)
    assert sealing.open(ann, sealed.key_number + 1, sealed.data) == (None, UNREADABLE)
    assert sealing.open(ann, 99, sealed.data) == (None, UNREADABLE)
    sealing.keys.destroy([ann])
    assert sealing.open(ann, sealed.key_number, sealed.data) == (None, ERASED)
