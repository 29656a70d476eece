from core.app import PlatformApp


class RecruitingConfig(PlatformApp):
    default = True
    name = "recruiting"
    verbose_name = "招聘与求职"
