"""What the process imports that workers are forked from: all that a job needs.

All of it stays. So it is never searched for garbage, neither here nor by the workers: each would
have to copy the memory that it shares with the others, since the collector writes to what it looks
at (https://docs.python.org/3/library/gc.html#gc.freeze).
"""

import gc
from importlib import import_module

gc.disable()
import_module(".job", __package__)
gc.freeze()
gc.enable()
