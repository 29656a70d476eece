"""What surveys (DOMAIN-AROUND §7) add to the shared frame."""

from core.frame import Contributions
from schools.roles import ADMINS, PROVINCE, SCHOOL_AND_PROVINCE

CONTRIBUTIONS = Contributions(
    permissions={
        "surveys.view": ADMINS | PROVINCE,
        "surveys.edit": SCHOOL_AND_PROVINCE,
    },
)
