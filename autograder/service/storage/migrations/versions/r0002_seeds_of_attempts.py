"""Each attempt's inputs have a seed of their own; a re-grade that confirms has another one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Take the seed out of assignments, and let a re-grade have one."""
    op.drop_table("assignments")
    op.add_column("regrades", sa.Column("seed", sa.Integer))
