"""Tests of the benchmark: its counting, its arithmetic, and a small run for real."""
