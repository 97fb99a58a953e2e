"""From a submission to its report: hidden checks, verdicts, named slips, points."""
