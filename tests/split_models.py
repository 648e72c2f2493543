"""GGUF models cut into parts, as `llama-gguf-split` leaves them."""

from __future__ import annotations

from pathlib import Path

import gguf


def split_model(path: Path, folder: Path, count: int) -> list[Path]:
    """Write the model at `path` into so many parts: all metadata in the first, tensors in every one."""
    reader = gguf.GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    parts = [folder / f"model-{n:05}-of-{count:05}.gguf" for n in range(1, count + 1)]
    for number, part in enumerate(parts):
        writer = gguf.GGUFWriter(part, architecture)
        if number == 0:
            for field in reader.fields.values():
                if not field.name.startswith(("GGUF.", "general.architecture")):
                    sub = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
                    writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=sub)
        writer.add_uint16("split.no", number)
        writer.add_uint16("split.count", count)
        writer.add_int32("split.tensors.count", len(reader.tensors))
        for tensor in reader.tensors[number::count]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return parts
