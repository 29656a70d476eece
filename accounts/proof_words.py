"""The proof for people who cannot see a picture: a small sum in Chinese words, which a screen reader
reads out. A program reads it, too; what keeps programs busy is that each is used once and that a
network gets only so many (`accounts.proof_form`)."""

from __future__ import annotations

_DIGITS = "零一二三四五六七八九"


def sum_of(number: int) -> tuple[str, str]:
    """The sum that belongs to a random `number`: its question, and its answer in Arabic digits."""
    number, first = divmod(number, 60)
    number, second = divmod(number, 18)
    first, second = first + 21, second + 2
    if number % 2:
        words, answer = f"{_in_words(first)}加上{_in_words(second)}", first + second
    else:
        words, answer = f"{_in_words(first)}减去{_in_words(second)}", first - second
    return f"请计算：{words}等于多少？（填阿拉伯数字）", str(answer)


def _in_words(number: int) -> str:
    """A number from 1 to 99 in Chinese words."""
    tens, ones = divmod(number, 10)
    words = {0: "", 1: "十"}.get(tens, f"{_DIGITS[tens]}十")
    return words + (_DIGITS[ones] if ones else "")
