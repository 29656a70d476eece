"""The code of the commands in bin/: services, secrets and processes."""
