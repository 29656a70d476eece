"""The pinyin order of names. It is stored beside the names, because this PostgreSQL has no ICU."""

from __future__ import annotations

import functools
import unicodedata

# Readings of characters that are read differently in a surname (百家姓).
_SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "查": "zha", "朴": "piao", "区": "ou",
    "任": "ren", "华": "hua", "翟": "zhai", "盖": "ge", "覃": "qin", "乐": "yue", "尉": "wei",
    "缪": "miao", "种": "chong", "秘": "bi", "折": "she", "召": "shao", "员": "yun", "黑": "he",
    "纪": "ji", "冼": "xian", "柏": "bai", "尹": "yin", "晁": "chao", "郗": "xi", "隗": "wei",
    "葛": "ge", "贾": "jia", "宁": "ning", "沈": "shen", "薄": "bo", "卜": "bu", "石": "shi",
}  # fmt: skip
_TWO_CHARACTER_SURNAMES = {
    "尉迟": "yu chi",
    "万俟": "mo qi",
    "长孙": "zhang sun",
    "单于": "chan yu",
    "澹台": "tan tai",
}


@functools.cache
def _reading(character: str) -> str:
    from pypinyin.constants import PINYIN_DICT

    readings = PINYIN_DICT.get(ord(character), "")
    if not readings:
        return character.lower()
    plain = unicodedata.normalize("NFD", readings.split(",")[0])
    return "".join(c for c in plain if not unicodedata.combining(c)).replace("ü", "v")


def name_sort(name: str) -> str:
    """The text to sort a name by, such as `zhang san 张三`: its syllables, then the name itself, so
    that names with equal readings are kept apart."""
    if name[:2] in _TWO_CHARACTER_SURNAMES:
        syllables = [_TWO_CHARACTER_SURNAMES[name[:2]], *map(_reading, name[2:])]
    else:
        syllables = [_SURNAMES.get(name[:1]) or _reading(name[:1]), *map(_reading, name[1:])]
    return f"{' '.join(syllables)} {name}"[:120]
