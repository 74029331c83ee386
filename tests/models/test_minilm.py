"""The hand-built graph of MiniLM computes what the model's equations say."""

from collections.abc import Iterator

import numpy as np

from . import minilm, ort

INNER = 64  # narrower than the real one, to be quick; the graph takes it from the weights


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden = minilm.HIDDEN
    for name, rows in (("word", 99), ("position", 32), ("token_type", 2)):
        yield f"embeddings.{name}_embeddings.weight", (rows, hidden)
    norms, dense = ["embeddings.LayerNorm"], list[tuple[str, int, int]]()
    for layer in range(minilm.LAYERS):
        prefix = f"encoder.layer.{layer}"
        norms += [f"{prefix}.attention.output.LayerNorm", f"{prefix}.output.LayerNorm"]
        parts = ("self.query", "self.key", "self.value", "output.dense")
        dense += [(f"{prefix}.attention.{part}", hidden, hidden) for part in parts]
        dense += [(f"{prefix}.intermediate.dense", INNER, hidden)]
        dense += [(f"{prefix}.output.dense", hidden, INNER)]
    for name in norms:
        yield f"{name}.weight", (hidden,)
        yield f"{name}.bias", (hidden,)
    for name, rows, columns in dense:
        yield f"{name}.weight", (rows, columns)
        yield f"{name}.bias", (rows,)


def test_graph_computes_the_equations() -> None:
    rng = np.random.default_rng(0)
    weights = {
        name: (rng.standard_normal(shape) * 2 / np.sqrt(shape[-1])).astype(np.float32)
        for name, shape in shapes()
    }
    mask = np.array([[1] * 11, [1] * 6 + [0] * 5])
    inputs = {
        "input_ids": rng.integers(0, 99, mask.shape),
        "attention_mask": mask,
        "token_type_ids": rng.integers(0, 2, mask.shape),
    }
    (found,) = ort.load(minilm.build(weights))(inputs)
    np.testing.assert_allclose(found, minilm.evaluate(weights, inputs), atol=1e-5)
