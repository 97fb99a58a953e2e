"""The first tables: people, assignments, attempts, re-grades, tasks and adjustments."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_SQLITE = """
    CREATE TRIGGER adjustments_no_{verb} BEFORE {verb} ON adjustments
    BEGIN SELECT RAISE(ABORT, 'adjustments are append-only: add another one'); END
"""
_POSTGRESQL = (
    """
    CREATE FUNCTION adjustments_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'adjustments are append-only: add another one'; END $$
    """,
    """
    CREATE TRIGGER adjustments_no_change BEFORE UPDATE OR DELETE ON adjustments
    FOR EACH ROW EXECUTE FUNCTION adjustments_append_only()
    """,
)


def upgrade() -> None:
    """Make the tables."""
    _people_and_attempts()
    _work()
    _adjustments()


def _people_and_attempts() -> None:
    op.create_table(
        "people",
        sa.Column("student", sa.Text, primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
    )
    op.create_table(
        "assignments",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("seed", sa.Integer, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student", sa.Text, nullable=False),
        sa.Column("assignment", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("received", _MOMENT, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("max_score", sa.Float),
        sa.Column("report", sa.Text),
        sa.UniqueConstraint("student", "assignment", "number"),
    )
    op.create_index("attempts_of_assignment", "attempts", ["assignment", "student"])


def _work() -> None:
    op.create_table(
        "regrades",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("assignment", sa.Text, nullable=False),
        sa.Column("asked", _MOMENT, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("decided", _MOMENT),
        sa.Column("decided_by", sa.Text),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, sa.ForeignKey("attempts.id"), nullable=False),
        sa.Column("regrade", sa.Integer, sa.ForeignKey("regrades.id")),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("queued", _MOMENT, nullable=False),
        sa.Column("claimed", _MOMENT),
        sa.Column("finished", _MOMENT),
        sa.Column("holder", sa.Text),
        sa.Column("lease_until", _MOMENT),
        sa.Column("claims", sa.Integer, nullable=False),
        sa.Column("report", sa.Text),
    )
    op.create_index("tasks_to_do", "tasks", ["state", "priority", "id"])
    op.create_index("tasks_of_attempt", "tasks", ["attempt"])
    op.create_index("tasks_of_regrade", "tasks", ["regrade"])


def _adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("student", sa.Text),
        sa.Column("section", sa.Text),
        sa.Column("assignment", sa.Text, nullable=False),
        sa.Column("exercise", sa.Text),
        sa.Column("value", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("machine", sa.Float),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    triggers = [_SQLITE.format(verb=verb) for verb in ("UPDATE", "DELETE")]
    for statement in triggers if sqlite else _POSTGRESQL:
        op.execute(statement)
