"""I/O: reads files and the environment. Settings, secrets and tariffs. Imports ``dispatch.domain``."""
