"""Facts as bytes, for the store."""

from __future__ import annotations

import zlib

import msgspec

from worker.core.static.facts import VERSION, FileFacts

__all__ = ["decode_facts", "encode_facts"]

_MAGIC = b"facts"
_MAX_BYTES = 2**26
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FileFacts)


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
