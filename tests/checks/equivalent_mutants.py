"""Mutants that give the same results as the reference, each with the reason."""

EQUIVALENT = {}
