"""What graduates agree to when they apply (PIPL §23): recipient, contact, purpose, method and kinds of
data. Versions are only ever added; an application names the one that was agreed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Consent:
    """One version; `{unit}` and `{contact}` stand for the recipient and how to reach it."""

    version: int
    text: str

    def words(self, *, unit: str, contact: str) -> str:
        return self.text.replace("{unit}", unit).replace("{contact}", contact)


CONSENTS = {
    1: Consent(
        1,
        "我同意平台向{unit}（联系方式：{contact}）提供本次投递的简历，用于该单位招聘本职位时的筛选、"
        "面试和录用。提供方式为该单位的已认证人员在平台内查看，不提供批量下载。个人信息的种类为姓名、性别、"
        "出生年、学校、专业、学历、毕业时间、简历中填写并勾选显示的内容、所附附件，以及按我的选择显示的"
        "手机号码和邮箱；不包括证件号码、考生号和家庭信息。我可以随时撤回投递，撤回后该单位不能再查看简历。",
    ),
    2: Consent(
        2,
        "我同意平台向{unit}（联系方式：{contact}）提供本次投递的简历，用于该单位招聘本职位时的筛选、"
        "面试和录用。提供方式为该单位的已认证人员在平台内查看，可以逐份打印带有查看人姓名和时间的简历、"
        "逐个打开所附附件，不提供批量下载，每次查看和打印都有记录。个人信息的种类为照片、姓名、性别、"
        "出生年、学校、专业、学历、毕业时间、简历中填写并勾选显示的内容、所附附件，以及按我的选择显示的"
        "手机号码和邮箱；不包括证件号码、考生号和家庭信息。没有上传照片、没有附件的，不提供相应内容。"
        "我可以随时撤回投递，撤回后该单位不能再查看简历。",
    ),
}
# Since this version graduates agree that a unit prints a résumé.
NAMES_PRINTING = 2
CURRENT = CONSENTS[max(CONSENTS)]
