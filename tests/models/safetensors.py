"""Read the safetensors format: a length, a JSON header, raw little-endian arrays.

Source: https://huggingface.co/docs/safetensors, section "Format".
"""

import json
import math
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray


class _TensorInfo(TypedDict):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every f32 tensor of the file; arrays share the memory-mapped file."""
    data = np.memmap(path, np.uint8, "r")
    header_size = int(data[:8].view("<u8")[0])
    # cast: JSON has no types; the header's are those of the format.
    header = cast(dict[str, _TensorInfo], json.loads(data[8 : 8 + header_size].tobytes()))
    body = data[8 + header_size :]
    tensors: dict[str, NDArray[np.float32]] = {}
    for name, info in header.items():
        if name == "__metadata__" or info["dtype"] != "F32":
            continue
        begin, end = info["data_offsets"]
        assert end - begin == 4 * math.prod(info["shape"]), f"{name}: its size is not its shape's"
        tensors[name] = body[begin:end].view("<f4").reshape(info["shape"])
    return tensors
