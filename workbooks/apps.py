from core.app import PlatformApp


class WorkbooksConfig(PlatformApp):
    name = "workbooks"
    verbose_name = "工作簿"
