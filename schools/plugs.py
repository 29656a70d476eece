"""What schools plug into the hooks of the apps below."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from accounts.inbox import tell
from accounts.models import Realm, User
from core.invariants import Problem, invariants_broken


@invariants_broken.plug()
def tell_province(*, problems: list[Problem]) -> None:
    """A message a day for everybody who may see the page 后台任务."""
    today = timezone.localdate()
    for user in User.objects.filter(is_active=True, realm=Realm.STAFF):
        if user.has_perm("province.jobs"):
            tell(
                f"user:{user.pk}",
                f"数据一致性检查发现{len(problems)}项问题",
                text="".join(
                    f"{problem.statement}（{problem.count}处不符）" for problem in problems
                ),
                link=reverse("console:jobs"),
                key=f"invariants:{today}",
            )
