"""What employers plug into hooks. Importing `home` plugs it in."""

from employers import home  # noqa: F401
