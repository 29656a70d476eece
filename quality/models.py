"""Models of 数据核查."""
