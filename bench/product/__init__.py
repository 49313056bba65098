"""What the benchmark adds to Aether's own application: two topics, and a way to publish in the server's process."""
