from core.app import PlatformApp


class SurveysConfig(PlatformApp):
    default = True
    name = "surveys"
    verbose_name = "就业调查"
