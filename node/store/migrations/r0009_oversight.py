"""Alarms about the ledger, changes of the engine's allow lists, what peers' ledgers have."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('allow_list_change',
    sa.Column('block', WHOLE, autoincrement=False, nullable=False),
    sa.Column('log_index', WHOLE, autoincrement=False, nullable=False),
    sa.Column('which', sa.String(), nullable=False),
    sa.Column('account', sa.String(), nullable=False),
    sa.Column('role', WHOLE, nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('explained', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('block', 'log_index')
    )
    op.create_table('ledger_alarm',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('says', sa.String(), nullable=False),
    sa.Column('since', WHOLE, nullable=False),
    sa.Column('acknowledged_at', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('peer_view',
    sa.Column('member', sa.String(), nullable=False),
    sa.Column('at', WHOLE, nullable=False),
    sa.Column('view', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('member')
    )
    op.create_table('oversight_state',
    sa.Column('id', WHOLE, nullable=False),
    sa.Column('block', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
