"""The transition table of imports: what people may do. The actions ask it.

The worker's steps between these are declared by the job kind (`actions.imports.import_kind`).
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
