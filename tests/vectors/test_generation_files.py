"""Opening a generation whose files are missing, damaged or from the future."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pyarrow as pa
import pytest

from server.errors import InvalidArgument, LakehouseError, NotFound, Unavailable
from server.vectors.generation import open_generation
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import (
    file_record,
    finished_generations,
    generation_folder,
    remove_generation,
    remove_unfinished,
    unfinished_folder,
)
from server.vectors.metric import Metric


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    batch = pa.record_batch(
        {"doc_id": ["a", "b"], "chunk_id": [0, 0], "chunk_text": ["x", "y"], "embedding": [[1.0, 0.0], [0.0, 1.0]]}
    )
    spec = GenerationSpec("t", 1, "a-model", 2, Metric.COSINE, "hnsw")
    build(tmp_path, spec, [batch], lambda done: None, lambda: False)
    return generation_folder(tmp_path, "t", 1)


def edit_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def put(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and make the manifest agree with it, so that only reading it can tell."""
    (folder / name).write_bytes(content)
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edit_manifest(folder, files=files | {name: file_record(folder / name).model_dump()})


def put_other_index(folder: Path) -> None:
    index = faiss.IndexFlatIP(2)
    index.add(np.eye(2, dtype=np.float32))
    put(folder, "index.faiss", faiss.serialize_index(index).tobytes())


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (lambda f: (f / "index.faiss").unlink(), NotFound, "index.faiss is missing"),
        (lambda f: (f / "chunks.arrow").unlink(), NotFound, "chunks.arrow is missing"),
        (lambda f: (f / "manifest.json").unlink(), NotFound, "manifest.json is missing"),
        (lambda f: os.truncate(f / "index.faiss", 50), Unavailable, "index.faiss is damaged: 50 bytes instead of"),
        (lambda f: (f / "manifest.json").write_text("{"), Unavailable, "manifest.json is damaged"),
        (lambda f: edit_manifest(f, rows="two"), Unavailable, "manifest.json is damaged: rows"),
        (lambda f: edit_manifest(f, files={}), Unavailable, "index.faiss is not in its manifest"),
        (lambda f: edit_manifest(f, format=2, new=1), Unavailable, "manifest.json has format 2.*newer server"),
        (lambda f: edit_manifest(f, rows=3), Unavailable, "index.faiss is not the index that its manifest describes"),
        (lambda f: edit_manifest(f, dimension=3), Unavailable, "index.faiss is not the index"),
        (put_other_index, Unavailable, "index.faiss is not the index"),
        (lambda f: put(f, "index.faiss", b"IHNf" + bytes(40)), Unavailable, "index.faiss is damaged: FAISS"),
        (lambda f: put(f, "chunks.arrow", b"ARROW1" + bytes(40)), Unavailable, "chunks.arrow is damaged: Arrow"),
    ],
)
def test_a_damaged_generation_is_refused_by_the_name_of_its_file(
    folder: Path, damage: Callable[[Path], object], error: type[LakehouseError], message: str
) -> None:
    damage(folder)
    with pytest.raises(error, match=message):
        open_generation(folder)


def test_a_changed_byte_is_found_when_digests_are_compared(folder: Path) -> None:
    path = folder / "chunks.arrow"
    content = bytearray(path.read_bytes())
    content[content.index(b"xy")] ^= 1
    path.write_bytes(content)
    open_generation(folder)
    with pytest.raises(Unavailable, match=r"chunks\.arrow is damaged: its SHA-256"):
        open_generation(folder, verify=True)


def test_chunks_of_another_number_are_refused(folder: Path, tmp_path: Path) -> None:
    spec = GenerationSpec("empty", 1, "a-model", 2, Metric.COSINE, "hnsw")
    build(tmp_path, spec, [], lambda done: None, lambda: False)
    put(folder, "chunks.arrow", (generation_folder(tmp_path, "empty", 1) / "chunks.arrow").read_bytes())
    with pytest.raises(Unavailable, match=r"chunks\.arrow does not hold the rows"):
        open_generation(folder)


def test_a_missing_generation_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"manifest\.json is missing"):
        open_generation(generation_folder(tmp_path, "t", 9))


@pytest.mark.parametrize("name", ["a/b", "..", "ü %", ".unfinished", "x.unfinished", "A.g1"])
def test_any_index_name_makes_one_folder_directly_under_the_root(tmp_path: Path, name: str) -> None:
    folder = generation_folder(tmp_path, name, 1)
    folder.mkdir()
    assert (folder.parent, folder.resolve().parent) == (tmp_path, tmp_path.resolve())
    assert remove_unfinished(tmp_path) == []


@pytest.mark.parametrize(("name", "generation"), [("", 1), ("ü" * 50, 1), ("t", -1)])
def test_names_that_make_no_folder_are_refused(tmp_path: Path, name: str, generation: int) -> None:
    with pytest.raises(InvalidArgument, match="generation"):
        generation_folder(tmp_path, name, generation)


def test_unfinished_folders_are_removed_and_finished_ones_kept(folder: Path) -> None:
    half = unfinished_folder(generation_folder(folder.parent, "t", 2))
    half.mkdir()
    (half / "index.faiss").write_bytes(b"half")
    assert remove_unfinished(folder.parent) == [half]
    assert list(folder.parent.iterdir()) == [folder]


def test_clearing_a_root_that_does_not_exist_is_nothing_to_do(tmp_path: Path) -> None:
    assert remove_unfinished(tmp_path / "none") == []


def test_a_generation_removed_while_open_still_answers(folder: Path) -> None:
    generation = open_generation(folder)
    remove_generation(folder)
    assert list(folder.parent.iterdir()) == []
    ids = generation.search(np.array([[1.0, 0.1]]), 1).ids.ravel()
    assert generation.chunks(ids).column("chunk_text").to_pylist() == ["x"]
    with pytest.raises(NotFound, match="no generation"):
        remove_generation(folder)


def test_finished_generations_are_listed_and_unfinished_ones_are_not(tmp_path: Path) -> None:
    for name, number in (("b", 2), ("a b", 10), ("b", 1)):
        generation_folder(tmp_path, name, number).mkdir()
    unfinished_folder(generation_folder(tmp_path, "b", 3)).mkdir()
    assert sorted((name, number) for name, number, _ in finished_generations(tmp_path)) == [
        ("a b", 10),
        ("b", 1),
        ("b", 2),
    ]
    assert list(finished_generations(tmp_path / "missing")) == []
