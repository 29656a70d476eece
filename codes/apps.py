from core.app import PlatformApp


class CodesConfig(PlatformApp):
    name = "codes"
    verbose_name = "代码"
