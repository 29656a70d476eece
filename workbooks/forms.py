"""The form that uploads a workbook."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from core.forms import PlatformForm, fields


class WorkbookForm(PlatformForm):
    """One workbook of at most `most_bytes` bytes. What is in it is checked by the import."""

    file = fields.File(
        "工作簿（.xlsx 或 .xls）",
        accept=".xlsx,.xls",
        allow_empty_file=True,
        error_messages={"required": "请选择要导入的工作簿。"},
    )

    def __init__(self, *args: Any, most_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="%s", **kwargs)
        self.most_bytes = most_bytes

    def clean_file(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > self.most_bytes:
            megabytes = self.most_bytes // 1024 // 1024
            raise ValidationError(
                f"工作簿超过{megabytes}MB，请分成几个文件导入。", code="too_large"
            )
        return upload
