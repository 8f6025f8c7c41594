"""The schema's versions. To add one: a new file in `versions/`, and `schema.py` to match."""
