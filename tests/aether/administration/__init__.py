"""Tests of the admin's front page and look."""
