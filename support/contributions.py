"""What the support of graduates in difficulty (DOMAIN-AROUND §3) adds to the shared frame."""

from core.frame import Contributions
from schools.roles import ADMINS, ALL_LEVELS, PROVINCE, SCHOOL_STAFF

CONTRIBUTIONS = Contributions(
    permissions={
        # Read and write help for named people: who is responsible for them, their department, the school.
        "support.view": ALL_LEVELS,
        "support.help": SCHOOL_STAFF,
        "support.assign": ADMINS,
        "support.import": PROVINCE,
    },
)
