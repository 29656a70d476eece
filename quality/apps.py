from core.app import PlatformApp


class QualityConfig(PlatformApp):
    default = True
    name = "quality"
    verbose_name = "数据核查"
