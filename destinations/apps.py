from core.app import PlatformApp


class DestinationsConfig(PlatformApp):
    default = True
    name = "destinations"
    verbose_name = "去向"
