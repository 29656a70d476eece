"""What core contributes to the frame."""

from core import outbox
from core.frame import Contributions, PeriodicTask

CONTRIBUTIONS = Contributions(
    jobs=(outbox.MESSAGES,),
    periodic_tasks=(
        PeriodicTask("send-outbox", "core.tasks.send_outbox", 60.0),
        PeriodicTask("sweep-files", "core.tasks.sweep_files", 3600.0),
    ),
)
