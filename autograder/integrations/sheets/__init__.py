"""Fills grades into the very sheet that was downloaded from an LMS.

Its language, order, delimiter, encoding and columns stay, and so does every cell but the grades of
those who have one here (in Moodle their empty feedback too).
"""
