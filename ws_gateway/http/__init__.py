"""I/O. HTTP routes: sign-in, places, estimates, replay, webhooks."""
