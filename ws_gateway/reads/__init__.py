"""What consoles, passengers and drivers look up over HTTP (:mod:`dispatch.read_routes`)."""
