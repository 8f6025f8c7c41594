"""Facts as bytes, for the store."""

from __future__ import annotations

import hashlib
import zlib

import msgspec

from worker.core.novelty.sources import suffix_of
from worker.core.static.facts import VERSION, FileFacts
from worker.core.static.reading import is_test_path

__all__ = ["decode_facts", "encode_facts", "key_of_facts"]

_MAGIC = b"facts"
_MAX_BYTES = 2**26
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FileFacts)


def key_of_facts(path: str, blob: str, python: str) -> str:
    """Return what stands for the facts of a blob at a path: the same key, the same facts.

    A file is read by its suffix, as a test or not, a test by its name, and Python by the
    grammar of the Python that runs: its version is `python`, such as "3.13".
    """
    suffix, test = suffix_of(path), is_test_path(path)
    how = [str(VERSION), suffix, "test" if test else "program"]
    if suffix in {"py", "pyi"}:
        how += [python, path.rpartition("/")[2] if test else ""]
    digest = hashlib.sha256("\0".join(how).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{blob}:{digest[:32]}"


def encode_facts(facts: FileFacts) -> bytes:
    """Return facts as bytes: a mark, the version, and MessagePack compressed with zlib."""
    return _MAGIC + VERSION.to_bytes(2) + zlib.compress(_encoder.encode(facts), 6)


def decode_facts(data: bytes) -> FileFacts | None:
    """Return what `encode_facts` wrote; None where that was another version, or is damaged.

    The file is to be read anew then.
    """
    if not data.startswith(_MAGIC + VERSION.to_bytes(2)):
        return None
    inflater = zlib.decompressobj()
    try:
        packed = inflater.decompress(data[len(_MAGIC) + 2 :], _MAX_BYTES)
        # Without its end, its checksum has not been looked at.
        return _decoder.decode(packed) if inflater.eof else None
    except (zlib.error, msgspec.MsgspecError):
        return None
