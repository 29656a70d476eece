"""Attacks with made-up requests and hostile files, for the tests and for `bin/bench attack`."""
