from core.app import PlatformApp


class SupportConfig(PlatformApp):
    default = True
    name = "support"
    verbose_name = "困难群体帮扶"
