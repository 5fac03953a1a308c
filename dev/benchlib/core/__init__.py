"""What every other part leans on: paths, state, messages, child processes, ports."""
