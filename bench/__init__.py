"""Side-by-side measurements; each is a module with a `main`."""
