"""The built-in embedding model in int8 beside the same model in float32: texts a second at three lengths.

Texts are pieces of the Python language reference, each of exactly so many tokens, on two cores.
"""

from functools import partial
from pydoc_data.topics import topics

from tokenizers import Tokenizer

from server.ai.minilm import MiniLM
from server.ai.minilm_convert import package_folder
from tests.benches.kit.context import Context
from tests.benches.kit.rows import Row, rate_of
from tests.benches.kit.timing import Measured, take_turns

WHAT = "built-in embedding, beside float32"
THREADS = 2
SHORT_TOKENS = 28
ORIGIN_PER_S = 177.0  # what the origin published, on an A4000
ENDS = 2  # tokens that mark the ends of a text


def run(context: Context) -> list[Row]:
    cache = context.folder / "models"
    models = {kind: MiniLM(cache, kind, THREADS) for kind in ("int8", "float32")}
    rows: list[Row] = []
    for tokens, count in context.sizes.texts.items():
        texts = pieces(tokens, count)
        variants = {kind: partial(_embed, model, texts) for kind, model in models.items()}
        took = take_turns(variants, context.sizes.embeddings)
        rows += _rows(tokens, {kind: one.per(len(texts)) for kind, one in took.items()})
    return rows


def pieces(tokens: int, count: int) -> list[str]:
    """That many texts of exactly that many tokens, the marks of their ends included, cut from real prose."""
    tokenizer = Tokenizer.from_file(str(package_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    found: list[str] = []
    for text in topics.values():
        offsets = tokenizer.encode(text, add_special_tokens=False).offsets
        for start in range(0, len(offsets) - tokens, tokens):
            piece = text[offsets[start][0] : offsets[start + tokens - ENDS - 1][1]]
            # A cut inside a word changes how its rest is split.
            if len(tokenizer.encode(piece).ids) == tokens:
                found.append(piece)
            if len(found) == count:
                return found
    raise AssertionError(f"the language reference holds only {len(found)} pieces of {tokens} tokens")


def _embed(model: MiniLM, texts: list[str], _: int) -> object:
    return model.embed(texts)


def _rows(tokens: int, rates: dict[str, Measured]) -> list[Row]:
    what = f"embed texts of {tokens} tokens in int8 on {THREADS} cores"
    rows = [rate_of(f"{what}: float32", rates["int8"], rates["float32"], "texts/s", 3.0)]
    if tokens == SHORT_TOKENS:
        note = "the origin's figure is a published one, from a GPU"
        rows.append(rate_of(f"{what}: the origin's on an A4000", rates["int8"], ORIGIN_PER_S, "texts/s", 1.0, note))
    return rows
