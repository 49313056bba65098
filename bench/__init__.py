"""Measurements: `make bench` for Aether beside its peers, and modules with a `main` of their own."""
