"""What people may do with an import: the table that the actions ask.

The steps of the worker between them are those of its kind of job (`actions.imports.import_kind`).
"""

from __future__ import annotations

from core.states import Lifecycle, Step, roles, states
from workbooks.states import ImportState

ROLE_LABELS = {"person": "上传人"}

IMPORT = Lifecycle(
    name="工作簿导入",
    labels=dict(ImportState.choices),
    steps=(
        Step("upload", "上传", roles("person"), states(), ImportState.UPLOADED),
        Step("confirm", "确认", roles("person"), states(ImportState.PREVIEWED),
             ImportState.CONFIRMED, note="after looking at the preview"),
        Step("cancel", "取消", roles("person"),
             states(ImportState.UPLOADED, ImportState.PREVIEWED, ImportState.FAILED),
             ImportState.CANCELLED),
    ),
)  # fmt: skip
