from core.app import PlatformApp


class EsignConfig(PlatformApp):
    default = True
    name = "esign"
    verbose_name = "网签"
