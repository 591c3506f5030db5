"""Implementations written by hand, as a library's author would write them: wrong ones, and right but odd ones."""
