import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

application = get_wsgi_application()

# What is loaded by now stays: never look through it for garbage again. And a page makes tens of
# thousands of objects that die with it; the default of 700 looks through them dozens of times.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
