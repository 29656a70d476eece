"""Models of 数据核查."""

from quality.models.findings import Finding, Rule
from quality.models.prints import EvidencePrint
from quality.models.runs import RegistryUnit, Run
from quality.models.samples import CallBack, CallTry, Sample, SampleReply, Stratum

__all__ = [
    "CallBack",
    "CallTry",
    "EvidencePrint",
    "Finding",
    "RegistryUnit",
    "Rule",
    "Run",
    "Sample",
    "SampleReply",
    "Stratum",
]
