from core.app import PlatformApp


class CoreConfig(PlatformApp):
    name = "core"
    verbose_name = "平台基础"
