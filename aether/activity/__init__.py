"""What has happened lately, in figures."""
