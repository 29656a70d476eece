"""What workbooks contribute to the frame."""

from core.frame import Contributions
from workbooks import steps

CONTRIBUTIONS = Contributions(machines=((steps.IMPORT, steps.ROLE_LABELS),))
