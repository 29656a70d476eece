"""Models of 数据核查."""

from quality.models.findings import Finding, Rule
from quality.models.prints import EvidencePrint
from quality.models.runs import RegistryUnit, Run

__all__ = ["EvidencePrint", "Finding", "RegistryUnit", "Rule", "Run"]
