from core.app import PlatformApp


class AccountsConfig(PlatformApp):
    name = "accounts"
    verbose_name = "帐号"
