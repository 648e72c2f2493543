"""Where every process sees what a machine's sampler measured."""
