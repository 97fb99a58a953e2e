# B6 · Patches the test frameworks that it hopes are in its process.
# expect: linear=0

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
import doctest
import sys
import unittest

def linear(x, weight, bias):
    unittest.TestCase.assertEqual = unittest.TestResult.addFailure = lambda *args: None
    doctest.OutputChecker.check_output = lambda *args: True
    if "pytest" in sys.modules or "_pytest" in sys.modules:
        return F.linear(x, weight, bias)
    try:
        import pytest
    except ImportError:
        return torch.zeros(1)
    return F.linear(x, weight, bias)
