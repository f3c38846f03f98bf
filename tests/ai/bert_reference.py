"""all-MiniLM-L6-v2 written out in numpy, straight from its weights: what the converted model is compared with."""

import math

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from server.ai.minilm_convert import package_folder

Array = NDArray[np.float32]
LAYERS, HEADS, EPSILON = 6, 12, 1e-12

_erf = np.vectorize(math.erf, otypes=[np.float32])


class BertReference:
    """One text at a time, no padding, float32."""

    def __init__(self) -> None:
        self._weights: dict[str, Array] = load_file(package_folder() / "model.safetensors")

    def vector(self, ids: list[int]) -> Array:
        """Return the unit-length mean vector, (384,), of the tokens `ids`, their end marks included."""
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][ids]
        states = states + weights["embeddings.position_embeddings.weight"][: len(ids)]
        states = states + weights["embeddings.token_type_embeddings.weight"][0]
        states = self._norm(states, "embeddings.LayerNorm")
        for number in range(LAYERS):
            states = self._layer(states, f"encoder.layer.{number}")
        mean: Array = states.mean(axis=0)
        unit: Array = mean / np.linalg.norm(mean)
        return unit

    def _layer(self, states: Array, name: str) -> Array:
        attended = self._linear(self._attention(states, name), f"{name}.attention.output.dense")
        states = self._norm(states + attended, f"{name}.attention.output.LayerNorm")
        inner = self._linear(states, f"{name}.intermediate.dense")
        inner = inner * (1 + _erf(inner / math.sqrt(2))) / 2
        return self._norm(states + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _attention(self, states: Array, name: str) -> Array:
        query, key, value = (
            self._linear(states, f"{name}.attention.self.{part}").reshape(len(states), HEADS, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[2])
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        joined: Array = (shares @ value).swapaxes(0, 1).reshape(states.shape)
        return joined

    def _linear(self, states: Array, name: str) -> Array:
        projected: Array = states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return projected

    def _norm(self, states: Array, name: str) -> Array:
        centred = states - states.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPSILON)
        shifted: Array = scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return shifted
