"""The command line: the only room with a clock, output streams and exit codes."""
