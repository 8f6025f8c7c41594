"""JSON bodies as GitHub writes them, made from the stand-in's records."""
