"""Changing a staff member's role."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from core.errors import DomainError
from core.forms import posted
from schools.access import StaffRequest, staff_view
from schools.actions import staff as actions
from schools.forms import RoleForm
from schools.models import StaffMember
from schools.roles import Role
from schools.views.staff import staff_or_404

# What each role may do, in a line.
_MEANING: dict[str, str] = {
    Role.COUNSELLOR: "在分配的范围内核对、录入和初审。",
    Role.DEPARTMENT_ADMIN: "在分配的范围内核对、录入和初审，可以导入去向、完整导出。",
    Role.SCHOOL_ADMIN: "管理全校：终审、导入名册、学校设置、工作人员。",
}


@staff_view("schools.staff")
def role(request: StaffRequest, pk: int) -> HttpResponse:
    row = staff_or_404(request, pk)
    form = RoleForm(posted(request), initial={"role": row.role})
    if form.is_valid():
        try:
            done = actions.set_role(staff_id=pk, by=request.user, **form.cleaned_data)
            word = done.get_role_display()
            messages.success(request, f"{row.user.label}现在是{word}，下一次点击即生效。")
            return redirect("console:staff-member", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "row": row,
        "refusal": _refusal(row, request.user),
        "form": form,
        "meanings": [(r.label, _MEANING[r]) for r in actions.SCHOOL_ROLES],
        "scope": actions.scope_words(row),
    }
    return render(request, "schools/staff_role.html", context, status=form.status)


def _refusal(row: StaffMember, by: User) -> str:
    """Why there is no form to fill in."""
    try:
        actions.refuse_role_change(row, by)
    except DomainError as refusal:
        return refusal.message
    return ""
