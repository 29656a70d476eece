from core.app import PlatformApp


class AccountsConfig(PlatformApp):
    default = True
    name = "accounts"
    verbose_name = "帐号"
