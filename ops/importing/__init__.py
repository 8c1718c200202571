"""Takes over the old years of a municipality from the tables of the system it had before (docs/import.md)."""
