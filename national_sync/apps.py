from core.app import PlatformApp


class NationalSyncConfig(PlatformApp):
    default = True
    name = "national_sync"
    verbose_name = "全国系统"
