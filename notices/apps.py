from core.app import PlatformApp


class NoticesConfig(PlatformApp):
    default = True
    name = "notices"
    verbose_name = "通知公告"
