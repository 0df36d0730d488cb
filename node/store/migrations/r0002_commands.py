"""Commands, transactions and their relayers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.add_column("command", sa.Column("sequence", sa.String(), nullable=True))
    op.add_column(
        "command", sa.Column("batch_limit", WHOLE, nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "relay_transaction", sa.Column("acts", WHOLE, nullable=False, server_default=sa.text("0"))
    )
    for name, kind in (
        ("said", sa.String()),
        ("cancelled_by", sa.String()),
        ("cancel_raw", sa.LargeBinary()),
        ("cancel_hash", sa.String()),
    ):
        op.add_column("relay_transaction", sa.Column(name, kind, nullable=True))
    op.create_table(
        "relayer",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("since", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("address"),
    )
    op.create_table(
        "ledger_fault",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("says", sa.String(), nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
