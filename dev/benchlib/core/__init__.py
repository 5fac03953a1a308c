"""The base of all other parts: paths, state, messages, child processes, ports."""
