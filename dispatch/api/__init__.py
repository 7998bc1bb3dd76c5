"""Pure. The public interface: wire messages, HTTP bodies and routes, permissions, and the views that clients see.
Imports the domain and geo.
"""
