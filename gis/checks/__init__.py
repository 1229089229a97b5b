"""Is a plan fit to be published, and where is it not? One pure function for each named check of ARCHITECTURE rule 8."""

from gis.checks.registry import CHECKS, EDITION, run_checks
from gis.checks.subject import Check, CheckResult, Subject

__all__ = ["CHECKS", "EDITION", "Check", "CheckResult", "Subject", "run_checks"]
