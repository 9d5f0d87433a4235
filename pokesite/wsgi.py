"""The example site for a WSGI server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pokesite.settings")
application = get_wsgi_application()

# All that is loaded by now stays. The collector would search it once in some thirty pages, and that
# visitor would wait twice as long. A page makes thousands of objects and leaves little garbage.
gc.freeze()
gc.set_threshold(10_000)
