"""Ways to send records to the national system, behind one interface, `base.Transport`.

Plain data goes in and comes out: no models, no settings. The caller reads the settings and builds
a transport.
"""
