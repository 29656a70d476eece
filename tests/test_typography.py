"""Chinese that users see has full-width punctuation: no , : ; ( ) ? ! in ASCII beside a Han character.

Only what stands beside a Han character counts, so that numbers, codes and addresses keep theirs.
Docstrings and comments are for developers, and patterns (raw strings) are code: they do not count.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Opening marks that belong to Chinese text count like Han characters.
_WRONG = re.compile(rf"[{_HAN}”’）》」][,:;()?!]|[,:;] ?[{_HAN}“‘（《「]|[()?!][{_HAN}“‘（《「]")
# Comments, and the arguments of `yesno`, which a comma separates.
_TEMPLATE_CODE = re.compile(
    r"\{#.*?#\}|\{% comment.*?endcomment %\}|yesno:(?:\"[^\"]*\"|'[^']*')", re.DOTALL
)
_SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|^\s*//[^\n]*|\s//[^\n]*", re.DOTALL | re.MULTILINE)
# The national system's own words are quoted as they stand, and migrations are never changed.
_QUOTED = ("national_sync/data/", "national_sync/simulator/data/")


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).exists()]


def wrong_in(text: str) -> list[str]:
    """The places in `text` with ASCII punctuation beside a Han character, with what surrounds them."""
    return [text[max(0, m.start() - 8) : m.end() + 8] for m in _WRONG.finditer(text)]


def _strings(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is not a docstring and not a raw string."""
    docstrings = {
        node.body[0].lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.STRING and token.start[0] not in docstrings:
            prefix = token.string[: token.string.index(token.string[-1])].lower()
            if "r" not in prefix:
                yield token.start[0], token.string


def test_python_strings() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {place}"
        for path in _files("*.py")
        if not {"migrations", "tests"} & set(path.relative_to(ROOT).parts)
        for line, text in _strings(path.read_text(encoding="utf-8"))
        for place in wrong_in(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "left_out"),
    [("templates/*", _TEMPLATE_CODE), ("static/js/*.js", _SCRIPT_COMMENT)],
    ids=["templates", "scripts"],
)
def test_templates_and_scripts(pattern: str, left_out: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in _files(pattern)
        for place in wrong_in(left_out.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


# Columns that pages show; aliases and notes are for the readers of workbooks and for developers.
_SHOWN_COLUMNS = ("name", "label", "definition", "evidence", "rule", "formula")


_BROKEN = re.compile(
    rf"(?<=[，。；：、”）》」])\n[ \t]*(?=[{_HAN}“（《]|\{{\{{|\{{% (?:if|for|url)[^\n]*?%\}}[{_HAN}]|<a |<b>)"
)
_ONE_LINE = re.compile(r"\{% one_line %\}.*?\{% endone_line %\}", re.DOTALL)


def test_no_sentence_of_a_template_shows_a_blank_where_its_line_ends() -> None:
    """A browser shows a line break as a blank. Paper's labels are broken on purpose."""
    broken = []
    for path in _files("templates/**/*.html"):
        if path.parent.name == "pdf":
            continue
        text = _ONE_LINE.sub(lambda found: "\n" * found[0].count("\n"), path.read_text())
        broken += [
            f"{path.name}:{text[: found.start()].count(chr(10)) + 1}"
            for found in _BROKEN.finditer(text)
        ]
    assert broken == []


# A name or a word that stands in a sentence. The name of a file has Latin letters, so blanks may
# stand around it, as they may around numbers.
_WORD = r"\{\{ (?:\w+\.)*(?<!file\.)(?:\w*name|\w*label|title|cohort|unit|school|get_\w+_display)(?:\|\w+)* \}\}"
_BLANK_AT_WORD = re.compile(rf"[{_HAN}，。：；、“”（）] +{_WORD}|{_WORD} +[{_HAN}，。：；、“”（）]")


def blanks_at_words(template: str) -> list[str]:
    """Where a blank stands between Chinese text and a Chinese word that is put into it."""
    return [found[0] for found in _BLANK_AT_WORD.finditer(_TEMPLATE_CODE.sub("", template))]


def test_no_blank_stands_around_a_name_in_a_sentence() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in _files("templates/**/*.html")
        for place in blanks_at_words(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_which_blanks_count() -> None:
    assert blanks_at_words("与 {{ graduate.name }}签约") == ["与 {{ graduate.name }}"]
    assert blanks_at_words("<b>{{ row.get_state_display }} 的协议") == [
        "{{ row.get_state_display }} 的"
    ]
    for right in (
        "与{{ graduate.name }}签约", "共 {{ count }} 条", "导入 {{ imported.file.name }} 成功",
        "{{ unit.name }} · {{ at }}", "{{ graduate.name }} <small>{{ number }}",
    ):  # fmt: skip
        assert blanks_at_words(right) == [], right


def test_code_tables() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in _files("*.csv")
        if not path.relative_to(ROOT).as_posix().startswith(("tests/", *_QUOTED))
        for row in csv.DictReader(path.open(encoding="utf-8", newline=""))
        for column in _SHOWN_COLUMNS
        for place in wrong_in(row.get(column) or "")
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["联系人:张三", "请填写,谢谢", "(必填)项", "继续吗?", "单位名称(全称)", "“甲”, “乙”"]
)
def test_what_counts_as_wrong(text: str) -> None:
    assert wrong_in(text)


@pytest.mark.parametrize(
    "text", ["8,000元", "SHA-256: ab", "https://a.example/b?c=1", "4 (2.5)", "甲，乙"]
)
def test_what_does_not(text: str) -> None:
    assert wrong_in(text) == []
