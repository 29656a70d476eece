from core.app import PlatformApp


class SchoolsConfig(PlatformApp):
    name = "schools"
    verbose_name = "学校"
