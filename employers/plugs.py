"""What employers plug into hooks: `home` fills what the unit itself still owes."""

from employers import home  # noqa: F401
