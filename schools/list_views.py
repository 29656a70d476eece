"""The part of a console list that keeps what it shows under a name, as a view (`core/lists/saved.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from accounts.models import User
from core.errors import DomainError
from core.forms import PlatformForm, pressed, read_number
from core.lists import saved
from core.lists.page import ListPage
from core.models import SavedView
from schools.actions import saved_views
from schools.forms import NewViewForm, ViewNameForm
from schools.scope import staff_of


class ListWithViews(ListPage):
    """A list whose filter, order, columns and size of the page can be saved under a name. The address
    of a view is the list's with `view` alone; it leads to the address of what the view keeps."""

    keeps_views = True  # whether what it shows can be saved under a name

    @property
    def user(self) -> User:
        raise NotImplementedError

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.keeps_views and request.GET.get("view") and set(request.GET) <= {"view", "cohort"}:
            return self.open_view(request.GET["view"])
        return super().get(request, *args, **kwargs)

    @property
    def list_key(self) -> str:
        """The list's name where something is kept for it: its URL name."""
        match = self.request.resolver_match
        return (match.url_name or "") if match is not None else ""

    def views(self) -> Sequence[SavedView]:
        """The saved views of this list that the person may open, read once a request."""
        if not hasattr(self, "_views"):
            self._views = saved_views.views_of(self.user, self.list_key)
        return self._views

    def view_asked_for(self, typed: str) -> SavedView | None:
        number = read_number(typed)
        return next((view for view in self.views() if view.pk == number), None)

    def open_view(self, typed: str) -> HttpResponse:
        """Lead to what the view keeps, and say what of it is no longer there to choose."""
        view = self.view_asked_for(typed)
        if view is None:
            raise Http404
        held, gone = saved.still_held(self, saved.read(view.query))
        if gone:
            named = "、".join(gone)
            messages.warning(
                self.request,
                f"视图“{view.name}”中的{named}已不在可选的范围内，没有按它筛选；请重新选择后更新视图。",
            )
        if not held:
            held = [("size", str(self.size()))]
        year = [("cohort", v) for v in self.request.GET.getlist("cohort")[-1:]]
        more = [*year, ("view", str(view.pk))]
        path = self.request.path
        return redirect(saved.address(path, held, more=more, user_id=self.user.pk))

    def saved_views(self) -> dict[str, Any]:
        if not self.keeps_views:
            return {}
        views, opened = self.views(), self.view_asked_for(self.request.GET.get("view", ""))
        year = self.request.GET.get("cohort", "")
        may_share = saved_views.may_share(self.user)
        return {
            "own_views": [view for view in views if view.owner_id is not None],
            "shared_views": [view for view in views if view.owner_id is None],
            "shared_label": "本校" if self._school_id() else "全省",
            "opened_view": opened,
            "view_changed": opened is not None and self._differs_from(opened),
            "may_change_view": opened is not None and (opened.owner_id is not None or may_share),
            "may_share_views": may_share,
            "year_query": f"cohort={year}&" if year.isalnum() and year.isascii() else "",
            "new_view": getattr(self, "_refused_new", None) or self._new_view_form(),
            "view_name": getattr(self, "_refused_name", None) or self._name_form(opened),
        }

    def _school_id(self) -> int | None:
        staff = staff_of(self.user)
        return staff.school_id if staff is not None else None

    def _differs_from(self, view: SavedView) -> bool:
        return saved.written(self._kept_pairs(shared=view.owner_id is None)[0]) != view.query

    def _kept_pairs(self, *, shared: bool) -> tuple[saved.Pairs, bool]:
        """What a view of the present address keeps, and whether searched words were left out: shared
        views keep none, since they are mostly names, and own ones no numbers of people."""
        pairs = saved.shown_by(self)
        kept = [(k, v) for k, v in pairs if k != "q" or not (shared or saved.names_a_person(v))]
        return kept, len(kept) < len(pairs)

    def _new_view_form(self, data: Any = None) -> NewViewForm:
        form = NewViewForm(data)
        if not saved_views.may_share(self.user):
            del form.fields["shared"]
        elif not self._school_id():
            form.fields["shared"].label = "省级工作人员共用"
        return form

    def _name_form(self, view: SavedView | None, data: Any = None) -> ViewNameForm:
        return ViewNameForm(data, initial={"name": view.name if view is not None else ""})

    def keep_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.keeps_views:
            raise Http404
        step = pressed(request, "keep_view")
        if step == "new":
            form: PlatformForm = self._new_view_form(request.POST)
            self._refused_new = form
        else:
            view = self.view_asked_for(pressed(request, "view"))
            if view is None or step not in ("replace", "rename", "remove"):
                raise Http404
            form = self._name_form(view, request.POST if step == "rename" else None)
            self._refused_name = form
        try:
            if not form.is_bound or form.is_valid():
                return self._change_view(step, form)
        except DomainError as refusal:
            if refusal.status == 403 or not form.is_bound:
                raise
            form.add_refusal(refusal)
        self.status = form.status
        return super().get(request)

    def _change_view(self, step: str, form: PlatformForm) -> HttpResponse:
        """Do what a form of views asked for, and lead back to what the list shows."""
        request, key, by = self.request, self.list_key, self.user
        number = read_number(pressed(request, "view")) or 0
        left_out = False
        if step == "new":
            shared = bool(form.cleaned_data.get("shared"))
            pairs, left_out = self._kept_pairs(shared=shared)
            view = saved_views.save(
                list_key=key, name=form.cleaned_data["name"], query=saved.written(pairs),
                shared=shared, by=by,
            )  # fmt: skip
            number, said = view.pk, f"已保存视图“{view.name}”。"
        elif step == "replace":
            asked = self.view_asked_for(str(number))
            pairs, left_out = self._kept_pairs(shared=asked is None or asked.owner_id is None)
            view = saved_views.replace(
                view_id=number, list_key=key, query=saved.written(pairs), by=by
            )
            said = f"视图“{view.name}”已更新为现在的条件。"
        elif step == "rename":
            view = saved_views.rename(
                view_id=number, list_key=key, name=form.cleaned_data["name"], by=by
            )
            said = f"已改名为“{view.name}”。"
        else:
            said = f"已删除视图“{saved_views.remove(view_id=number, list_key=key, by=by)}”。"
            number = 0
        messages.success(request, said)
        if left_out:
            messages.info(request, "搜索的内容可能是个人信息，没有存入视图。")
        query = request.GET.copy()
        for name in ("view", "after", "before"):
            query.pop(name, None)
        if number:
            query["view"] = str(number)
            query.setdefault("size", str(self.size()))
        return redirect(f"{request.path}?{query.urlencode()}")
