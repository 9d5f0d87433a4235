"""What a site's own code can listen to, in the process that conducts a run.

Both are sent outside any transaction of the run, after what they tell of has been committed. A
receiver that raises is logged, and the run goes on.
"""

from django.dispatch import Signal

sprite_stored = Signal()
"""A sprite's file is new or has changed. Sender: Sprite. Arguments: ``sprite``, its row with its
Pokémon; ``created``, whether it had no file before."""

sync_finished = Signal()
"""A run that held the lock has ended, however. Sender: SyncRun. Arguments: ``run``, its row, and
``report``, its SyncReport."""
