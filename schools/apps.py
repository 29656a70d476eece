from core.app import PlatformApp


class SchoolsConfig(PlatformApp):
    default = True
    name = "schools"
    verbose_name = "学校"
