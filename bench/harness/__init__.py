"""Shared by all benches: a running system, worker processes, clients, CPU time and figures. Imports no bench."""
