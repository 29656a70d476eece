from core.app import PlatformApp


class GraduatesConfig(PlatformApp):
    name = "graduates"
    verbose_name = "生源"
