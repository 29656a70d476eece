"""Ways across to the national system behind one interface, `base.Transport`.

Plain data in and out: no models, no settings. Who uses it reads settings and builds one.
"""
