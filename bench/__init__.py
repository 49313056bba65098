"""Measurements: `make bench` for Aether beside what people would pick instead, and modules with a `main` of their own."""
