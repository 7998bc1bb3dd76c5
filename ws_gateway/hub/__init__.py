"""I/O. Connections and subscriptions: from sockets to hosts, from hosts and the bus to sockets."""
