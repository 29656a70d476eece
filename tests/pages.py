"""What a browser without scripts would send from a page."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    """The names and values of all inputs that a page would send."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {key: value or "" for key, value in attrs}
        name = of.get("name", "")
        if tag == "select":
            self._select = name
            self.values.setdefault(name, [""])
        elif tag == "option" and self._select and "selected" in of:
            self.values[self._select] = [of["value"]]
        elif tag == "textarea":
            self._textarea = name
            self.values[name] = [""]
        elif tag == "input" and name:
            kind = of.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in of:
                return
            self.values.setdefault(name, []).append(of.get("value", ""))
            if kind == "hidden":
                self.hidden.add(name)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] = [self.values[self._textarea][0] + data.lstrip("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def fields_of(page: str) -> tuple[dict[str, list[str]], set[str]]:
    """What the page's inputs hold by name, and the names of the hidden ones."""
    parser = _Fields()
    parser.feed(page)
    values = {k: v for k, v in parser.values.items() if k != "csrfmiddlewaretoken"}
    return values, parser.hidden & set(values)
