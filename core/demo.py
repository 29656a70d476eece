"""Demo data: each app plugs in its own, in the order of the layers."""

from core.hooks import Hook

demo_exists = Hook("core.demo_exists", "Return True when this app's demo data are there.")
demo_data = Hook("core.demo_data", "Make demo data. Gets `password` for every demo account.")
demo_accounts = Hook(
    "core.demo_accounts", "Return lines (role, sign-in page, login) for the start-up screen."
)
