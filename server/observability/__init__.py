"""What operators see of a running server: metrics and health over HTTP, traces over OTLP. Off unless a setting asks."""
