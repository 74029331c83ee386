"""silero-vad, a voice detector that carries its state from chunk to chunk, and audio for it.

Its ONNX files are variants of one network: an STFT as a convolution, four convolutions, an LSTM
cell, a probability. Exporters wrote them as nested Ifs, as an LSTM over a sequence, and plainly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import cache

Array = NDArray[Any]

WHEEL = cache.Wheel(
    "silero-vad==6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"
)
"""MIT; package silero-vad, silero.ai."""
HIDDEN = 128
CHUNK = {16000: 512, 8000: 256}
"""Samples of a chunk, by rate: 32 ms."""
CONTEXT = {16000: 64, 8000: 32}
"""Samples before the chunk that the network is to see, too."""
LENGTHS = {16000: (192, 703), 8000: (96, 351)}
"""The fewest and most samples at once: the encoder has to make one vector of them."""


@dataclass(frozen=True)
class Variant:
    """One file.

    Attributes:
        name: of the file, without its suffix.
        rates: what it accepts; where there are several, or it says so, input `sr` tells.
        state: the names of the outputs that are inputs of the next chunk, by input.
        is_fixed: whether it takes one chunk of one voice only.
    """

    name: str
    rates: tuple[int, ...]
    state: Mapping[str, str]
    is_fixed: bool = False

    def path(self) -> Path:
        """The file in the cache.

        Raises:
            ModelUnavailable: it has to be downloaded and cannot be.
        """
        return cache.fetch(cache.WheelFile(WHEEL, f"silero_vad/data/{self.name}.onnx"))

    def shapes(self) -> list[tuple[int, int, int]]:
        """Rates, batch sizes and numbers of samples: twenty or more of what the file accepts."""
        if self.is_fixed:
            return [(16000, 1, 576)] * 20
        if "h" in self.state:
            return [(16000, batch, 576) for batch in range(1, 22)]
        found: list[tuple[int, int, int]] = []
        for rate in self.rates:
            least, most = LENGTHS[rate]
            count = 24 // len(self.rates)
            lengths = np.linspace(least, most, count).astype(int)
            found += [(rate, 1 + i % 5, int(n)) for i, n in enumerate(lengths)]
        return found

    def inputs(self, rate: int, samples: Array, state: Sequence[Array]) -> dict[str, Array]:
        """The model's inputs by name."""
        found = {"input": samples, **dict(zip(self.state, state, strict=True))}
        if len(self.rates) > 1 or self.name.endswith("op15"):
            found["sr"] = np.array(rate, np.int64)
        return found

    def first_state(self, batch: int) -> list[Array]:
        """The state before the first chunk."""
        if "h" in self.state:
            return [np.zeros((1, 1, HIDDEN), np.float32) for _ in self.state]
        return [np.zeros((2, batch, HIDDEN), np.float32)]


_STATE = {"state": "stateN"}
VARIANTS = (
    Variant("silero_vad", (16000, 8000), _STATE),
    Variant("silero_vad_16k_op15", (16000,), _STATE),
    Variant("silero_vad_16k_sequence", (16000,), {"h": "hn", "c": "cn"}),
    Variant("silero_vad_half", (16000,), _STATE),
    Variant("silero_vad_op18_ifless", (16000, 8000), _STATE),
    Variant("silero_vad_openvino_16k", (16000,), _STATE, is_fixed=True),
)


def speech(rate: int, seconds: float, seed: int) -> Array:
    """Sound that comes and goes as speech does: syllables of gliding tones and of noise.

    Each has harmonics of a pitch of 90 to 250 Hz, or noise, under an envelope of 50 to 300 ms.
    """
    rng = np.random.default_rng(seed)
    count = round(rate * seconds)
    sound = rng.standard_normal(count) * 0.002
    position = 0
    while position < count:
        length = min(round(rate * rng.uniform(0.05, 0.3)), count - position)
        time = np.arange(length) / rate
        pitch = rng.uniform(90, 250) * (1 + rng.uniform(-0.5, 0.5) * time)
        phase = 2 * np.pi * np.cumsum(pitch) / rate
        tones = sum(np.sin(k * phase) / k for k in range(1, 12))
        voice = tones if rng.random() < 0.7 else rng.standard_normal(length)
        loudness = rng.uniform(0.02, 0.3) * np.sin(np.pi * np.arange(length) / length) ** 2
        sound[position : position + length] += voice * loudness
        position += length + round(rate * rng.choice([0.01, 0.08, 0.6], p=[0.6, 0.3, 0.1]))
    return sound.astype(np.float32)


def chunks(rate: int, sound: Array) -> Array:
    """The sound in chunks, each with the end of the one before: [count, context + chunk]."""
    size, context = CHUNK[rate], CONTEXT[rate]
    count = len(sound) // size
    padded = np.concatenate([np.zeros(context, np.float32), sound[: count * size]])
    return np.stack([padded[i * size : (i + 1) * size + context] for i in range(count)])
