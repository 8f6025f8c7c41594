"""Judges: the engine and its processes."""
