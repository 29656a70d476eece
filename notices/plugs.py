"""What notices plug into hooks of apps below. Importing `feed` plugs it in."""

from notices import feed  # noqa: F401
