"""The Markdown of notices becomes safe HTML."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notices.text import as_html


def test_what_publishers_write_is_shown() -> None:
    made = as_html(
        "# 安排\n\n请在**周五前**完成：\n\n- 核对\n- 确认\n\n[学校](https://example.edu.cn/)"
    )
    assert "<h2>安排</h2>" in made
    assert "<strong>周五前</strong>" in made
    assert made.count("<li>") == 2
    assert '<a href="https://example.edu.cn/" rel="noopener noreferrer">学校</a>' in made


def test_a_table_and_line_breaks_stay() -> None:
    made = as_html("第一行\n第二行\n\n| 类别 | 要点 |\n| --- | --- |\n| 合同 | 盖章 |")
    assert "第一行<br" in made
    assert "<th>类别</th>" in made
    assert "<td>盖章</td>" in made


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[点](javascript:alert(1))",
        "[点](data:text/html;base64,PHNjcmlwdD4=)",
        "[点](vbscript:x)",
        "![图](https://example.com/a.png)",
        "<a href='https://example.com' onclick='x()'>点</a>",
        "<style>body{display:none}</style>",
        "[点](https://example.com/ 'x\" onmouseover=\"y')",
        "`<b>`",
    ],
)
def test_nothing_that_runs_or_loads_gets_through(hostile: str) -> None:
    made = as_html(hostile)
    assert not re.search(r"<(script|img|style|iframe|b)\b", made)
    assert not re.search(r"<[^>]+\son\w+=", made)
    assert not re.search(r"<[^>]+=\"?\s*(javascript|data|vbscript):", made, re.IGNORECASE)


@given(st.text(max_size=200))
def test_only_known_elements_come_out(text: str) -> None:
    for name in re.findall(r"<(\w+)", as_html(text)):
        assert name in {
            "h2", "h3", "h4", "p", "br", "hr", "ul", "ol", "li", "strong", "em", "blockquote", "a",
            "table", "thead", "tbody", "tr", "th", "td", "code",
        }  # fmt: skip
