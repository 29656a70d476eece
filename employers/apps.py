from core.app import PlatformApp


class EmployersConfig(PlatformApp):
    default = True
    name = "employers"
    verbose_name = "用人单位"
