"""Faces outward: HTTP in, jobs out, pages; the command line."""
