"""What consoles, passengers and drivers look up over HTTP (:mod:`dispatch.api.http_routes`)."""
