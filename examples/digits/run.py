"""Compile a digit classifier with Tyrex and read handwritten digits.

python examples/digits/run.py
"""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import tyrex

HERE = Path(__file__).parent
SHADES = " ░▒▓█"  # of a pixel from 0 to 16
PER_ROW = 5


def draw(image: NDArray[np.uint8]) -> list[str]:
    """The picture as lines of text; a pixel is two characters wide."""
    levels = image.astype(int) * (len(SHADES) - 1) // 16
    return ["".join(SHADES[level] * 2 for level in row) for row in levels]


def caption(chances: NDArray[np.float32], label: np.uint8) -> str:
    """What the model reads, how sure it is, and the truth if that is something else."""
    read = chances.argmax()
    return f"  {read} {chances[read]:.1%}" + ("" if read == label else f", is {label}")


def show(
    images: NDArray[np.uint8], chances: NDArray[np.float32], labels: NDArray[np.uint8]
) -> None:
    """Print the digits side by side, each above what the model reads and how sure it is."""
    for start in range(0, len(images), PER_ROW):
        row = range(start, min(start + PER_ROW, len(images)))
        for lines in zip(*(draw(images[i, 0]) for i in row), strict=True):
            print("".join(lines).rstrip())
        print("".join(f"{caption(chances[i], labels[i]):16}" for i in row).rstrip() + "\n")


def main() -> None:
    """Classify the held-out digits of train.py."""
    images = np.load(HERE / "held_out_images.npy")  # u8[360, 1, 8, 8], from 0 to 16
    labels = np.load(HERE / "held_out_labels.npy")  # u8[360]

    start = time.perf_counter()
    exe = tyrex.compile(HERE / "digits.onnx", dims={"batch": len(images)})
    compiled = time.perf_counter()
    chances = np.asarray(exe(images.astype(np.float32)))
    done = time.perf_counter()

    one_of_each = np.unique(labels, return_index=True)[1]
    show(images[one_of_each], chances[one_of_each], labels[one_of_each])
    right = chances.argmax(1) == labels
    print(f"{right.sum()} of {len(right)} digits are right ({right.mean():.1%}). The others:\n")
    show(images[~right], chances[~right], labels[~right])
    print(f"Compiled in {compiled - start:.2f} s, ran in {(done - compiled) * 1e3:.2f} ms.")


if __name__ == "__main__":
    main()
