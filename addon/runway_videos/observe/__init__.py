"""What operators see of a running proxy: health, readiness, metrics."""
