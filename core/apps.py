from core.app import PlatformApp


class CoreConfig(PlatformApp):
    default = True
    name = "core"
    verbose_name = "平台基础"

    def ready(self) -> None:
        from core import logs

        super().ready()
        logs.configure()
