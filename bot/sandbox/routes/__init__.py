"""The REST routes of the stand-in, one file a topic."""
