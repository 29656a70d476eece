"""What stands behind the commands in bin/: services, secrets, processes."""
