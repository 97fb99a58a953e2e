"""Courses of other tools turned into this one's form: nbgrader's source notebooks, otter's masters.

A notebook is read into a ``Draft`` (``nbgrader_source``, ``otter_master``), each test cell is
translated into a grader (``translate``), and ``write`` makes an assignment's folder of it.
"""
