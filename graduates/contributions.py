"""What this app adds to the shared frame (`core/frame.py`)."""

from accounts.models import User
from core.frame import Contributions, Demo, MenuItem, PeriodicTask, Service, Tab
from graduates import demo, origin_steps
from graduates.actions import hand_entries
from graduates.actions.archive_imports import ARCHIVE_IMPORTS
from graduates.actions.roster import ROSTERS
from graduates.invariants import INVARIANTS
from graduates.models import CorrectionRequest, Graduate
