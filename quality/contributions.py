"""What checks of registered data (DOMAIN-AROUND §5) add to the shared frame."""

from core.frame import Contributions
from schools.roles import ADMINS, PROVINCE, SCHOOL_AND_PROVINCE

CONTRIBUTIONS = Contributions(
    permissions={
        "quality.view": ADMINS | PROVINCE,
        "quality.settle": ADMINS | PROVINCE,
        "quality.run": SCHOOL_AND_PROVINCE,
        "quality.rules": PROVINCE,
    },
)
