from core.app import PlatformApp


class CodesConfig(PlatformApp):
    default = True
    name = "codes"
    verbose_name = "代码"
