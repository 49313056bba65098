"""What is measured: Aether, and what people would pick instead."""
