"""The graduate's side of an agreement, as it was when the agreement was signed."""

from __future__ import annotations

from codes import lookup
from graduates.models import Graduate
from schools.models import School

# What may be in `party_of` that somebody typed, for sentences about it.
PARTY_LABELS = {
    "name": "毕业生姓名",
    "department": "毕业生院系",
    "major": "毕业生专业",
    "email": "毕业生电子邮箱",
    "school": "培养学校",
    "school_contact": "培养学校联系人",
    "school_address": "培养学校通讯地址",
}


def party_of(graduate: Graduate) -> dict[str, str]:
    """乙方 and 培养学校 in words. The agreement keeps them as they are now, and its PDF prints them."""
    name = lookup.name
    return {
        "name": graduate.name,
        "gender": name("gender", graduate.gender),
        "ethnicity": name("ethnicity", graduate.ethnicity),
        "politics": name("politics", graduate.politics),
        "level": name("education_level", graduate.level),
        "duration": f"{float(graduate.duration):g}年",
        "department": graduate.department.name,
        "major": graduate.major_name,
        "id_number": graduate.person.id_number,
        "student_no": graduate.student_no,
        "mobile": graduate.mobile,
        "email": graduate.email,
        "cohort": str(graduate.cohort),
        "graduates_on": f"{graduate.graduates_on.year}年{graduate.graduates_on.month}月",
        "school": graduate.school.name,
    } | school_contact(graduate.school)


def school_contact(school: School) -> dict[str, str]:
    """How the school is reached, as 培养学校 of an agreement."""
    return {
        "school_contact": f"{school.contact_department} {school.contact_name}".strip(),
        "school_phone": school.phone,
        "school_address": school.address,
        "school_postcode": school.postcode,
    }
