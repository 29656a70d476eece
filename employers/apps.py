from core.app import PlatformApp


class EmployersConfig(PlatformApp):
    name = "employers"
    verbose_name = "用人单位"
