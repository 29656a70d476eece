from esign.rules.invitation import CheckedTerms, check_terms

__all__ = ["CheckedTerms", "check_terms"]
