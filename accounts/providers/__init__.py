"""allauth's side of signing in and connecting: its calls through our door, and the providers that it lacks."""
