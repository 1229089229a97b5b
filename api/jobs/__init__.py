"""How does long work run beside the service? Kinds of jobs, the worker that does them, files that wait for them."""
