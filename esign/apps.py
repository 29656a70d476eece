from core.app import PlatformApp


class EsignConfig(PlatformApp):
    name = "esign"
    verbose_name = "网签"
