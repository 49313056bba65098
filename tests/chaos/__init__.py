"""Real processes, killed at random, and a comparison of what each client got with what was committed."""
