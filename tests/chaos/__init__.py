"""Real processes, killed at random, and a comparison of what each client got with what was committed."""

import warnings

# The package that brings PostgreSQL asks for a directory that is not used here.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
