from core.app import PlatformApp


class GraduatesConfig(PlatformApp):
    default = True
    name = "graduates"
    verbose_name = "生源"
