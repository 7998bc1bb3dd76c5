"""I/O. HTTP routes: sign-in, places, estimates, replay, webhooks, reads. Imports ``hub``, ``auth``, ``session``,
``limits``."""
