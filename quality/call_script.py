"""The questions of a call-back, always the same (DOMAIN-AROUND §5)."""

from __future__ import annotations

from collections.abc import Mapping

from codes import lookup
from destinations.catalogue import catalogue

YES = "yes"
_YES_NO = {YES: "是", "no": "否", "unsure": "说不清"}
_SAME = {"same": "与登记相同", "other": "与登记不同", "unsure": "说不清"}
# Question: what is said, and the answers.
QUESTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "knows": ("您知道学校登记了这一毕业去向吗？", _YES_NO),
    "unit": ("您现在的单位或学校叫什么名字？", _SAME),
    "job": ("您做什么岗位（学什么专业）？", _SAME),
    "at_work": ("您现在在岗（在读）吗？", _YES_NO),
    "willing": ("签约、登记是您自愿的吗？", _YES_NO),
    "forced": ("有没有人要求您签约、登记，或以毕业证、档案相要挟？", _YES_NO),
    "proof": (
        "证明材料是谁提供的？",
        {
            "self": "本人向单位取得",
            "unit": "单位直接交给学校",
            "school": "学校或老师代办",
            "unsure": "说不清",
        },
    ),
}


def errors_of(answers: Mapping[str, str]) -> dict[str, list[str]]:
    """The questions that have no valid answer."""
    return {
        key: ["请选择回答。"]
        for key, (_, choices) in QUESTIONS.items()
        if answers.get(key) not in choices
    }


def in_words(answers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (question, choices.get(answers.get(key, ""), ""))
        for key, (question, choices) in QUESTIONS.items()
    ]


def registered_words(registered: Mapping[str, str]) -> str:
    """What was registered when the sample was drawn, in one line."""
    category = registered.get("category", "")
    place = registered.get("unit_division", "")
    words = (
        catalogue().names.get(category, category), registered.get("unit_name", ""),
        registered.get("job_title", ""), lookup.place_name(place) if place else "",
    )  # fmt: skip
    return "，".join(word for word in words if word)
