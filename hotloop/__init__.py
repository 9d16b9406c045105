"""hotloop."""
