"""Swapping generations under searches."""

import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from server.errors import DimensionMismatch, NotFound, Unavailable
from server.vectors.generation import Generation, open_generation
from server.vectors.generation_build import GenerationSpec, build
from server.vectors.generation_files import generation_folder
from server.vectors.metric import Metric
from server.vectors.serving import Serving

QUERY = np.array([[1.0, 0.0]])


def made(root: Path, number: int) -> Generation:
    """Build and open generation `number`; its one document is called after it."""
    batch = pa.record_batch(
        {"doc_id": [number], "chunk_id": [0], "chunk_text": [f"text {number}"], "embedding": [[1.0, 0.0]]}
    )
    spec = GenerationSpec("t", number, "a-model", 2, Metric.COSINE, "exact")
    build(root, spec, [batch], lambda done: None, lambda: False)
    return open_generation(generation_folder(root, "t", number))


def is_closed(generation: Generation) -> bool:
    try:
        generation.search(QUERY, 1)
    except Unavailable:
        return True
    return False


def test_the_last_one_swapped_in_answers(tmp_path: Path) -> None:
    serving, first, second = Serving(), made(tmp_path, 1), made(tmp_path, 2)
    serving.swap("t", first)
    serving.swap("t", second)
    with serving.current("t") as generation:
        assert generation is second
    assert is_closed(first)


def test_an_old_generation_closes_when_its_last_search_ends(tmp_path: Path) -> None:
    serving, first = Serving(), made(tmp_path, 1)
    serving.swap("t", first)
    with serving.current("t"):
        with serving.current("t"):
            serving.swap("t", made(tmp_path, 2))
            assert not is_closed(first)
        assert not is_closed(first)
    assert is_closed(first)


def test_a_search_that_fails_gives_its_generation_back(tmp_path: Path) -> None:
    serving, first = Serving(), made(tmp_path, 1)
    serving.swap("t", first)
    with pytest.raises(DimensionMismatch), serving.current("t") as generation:
        generation.search(np.ones((1, 3)), 1)
    serving.drop("t")
    assert is_closed(first)


def test_swapping_in_the_same_generation_keeps_it_open(tmp_path: Path) -> None:
    serving, first = Serving(), made(tmp_path, 1)
    serving.swap("t", first)
    serving.swap("t", first)
    assert not is_closed(first)


def test_dropped_and_unknown_names_are_not_found(tmp_path: Path) -> None:
    serving, first = Serving(), made(tmp_path, 1)
    serving.swap("t", first)
    assert serving.names() == ["t"]
    serving.drop("t")
    assert serving.names() == []
    assert is_closed(first)
    with pytest.raises(NotFound, match="'t'"), serving.current("t"):
        pass
    with pytest.raises(NotFound, match="'t'"):
        serving.drop("t")


def test_searches_under_constant_swapping_always_find_one_whole_generation(tmp_path: Path) -> None:
    serving, opened = Serving(), [made(tmp_path, 1)]
    serving.swap("t", opened[0])
    done, wrong, searches = threading.Event(), [], [0, 0, 0]

    def search(worker: int) -> None:
        while not done.is_set():
            with serving.current("t") as generation:
                ids = generation.search(QUERY, 1).ids[0]
                text = generation.chunks(ids).column("chunk_text")[0].as_py()
                if text != f"text {generation.manifest.generation}":
                    wrong.append(text)
            searches[worker] += 1

    def guarded(worker: int) -> None:
        try:
            search(worker)
        except Exception as error:  # noqa: BLE001 - whatever a search meets is what this test is about
            wrong.append(repr(error))

    workers = [threading.Thread(target=guarded, args=(worker,)) for worker in range(3)]
    for worker in workers:
        worker.start()
    for number in range(2, 60):
        opened.append(made(tmp_path, number))
        serving.swap("t", opened[-1])
    done.set()
    for worker in workers:
        worker.join()
    assert wrong == []
    assert min(searches) > 0
    assert [is_closed(generation) for generation in opened] == [True] * 58 + [False]
