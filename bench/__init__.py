"""`make bench`: Aether beside what people would pick instead, on one core, by one load generator."""
