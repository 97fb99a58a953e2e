"""What the course's policy does not show yet, no page and no answer shows to a student."""

import pytest

from tests.service.running import ASSIGNMENT, Running, result, submit


@pytest.mark.slow
def test_a_policy_that_shows_nothing_yet_hides_score_and_checks(tmp_path, samples):
    """From the student alone: the instructor sees both."""
    running = Running(tmp_path)
    config = running.course / "course.toml"
    config.write_text(config.read_text() + '\n[policy]\nfeedback = "nothing"\n')
    running.start()
    links = running.links()
    ada, grace = running.signed_in(links["ada"]), running.signed_in(links["grace"])
    id = submit(ada, samples["goran"])
    found = result(ada, id)
    assert (found["state"], found["score"], found["exercises"]) == ("graded", None, [])
    for page in ("/", f"/assignments/{ASSIGNMENT}", f"/attempts/{id}"):
        text = ada.get(page).text
        assert "86 of 100" not in text
        assert "<b>86</b>" not in text
        assert "What the checks look at" not in text
    assert "<b>86</b>" in grace.get(f"/attempts/{id}").text
    running.stop()
