"""What the benches share: starting a system, worker processes, clients, CPU time and figures. Imports no bench."""
