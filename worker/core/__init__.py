"""The engine: bytes and values in, values out; no files, network, clock or environment."""
