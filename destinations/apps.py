from core.app import PlatformApp


class DestinationsConfig(PlatformApp):
    name = "destinations"
    verbose_name = "去向"
