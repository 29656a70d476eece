"""Models of 困难群体帮扶."""
