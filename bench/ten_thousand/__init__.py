"""Ten thousand notifications through list, search, bulk and scroll, timed: `python -m bench.ten_thousand`."""
