from core.app import PlatformApp


class CoreConfig(PlatformApp):
    default = True
    name = "core"
    verbose_name = "平台基础"
