from esign.rules.invitation import Checked, check_terms

__all__ = ["Checked", "check_terms"]
