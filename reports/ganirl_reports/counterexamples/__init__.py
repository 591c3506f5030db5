"""Counterexamples as files: read, replayed, and written as scripts that stand alone."""
