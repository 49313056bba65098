"""Jobs of this deployment."""
