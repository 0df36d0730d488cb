"""Acts' SM2 co-signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('companion',
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('member', sa.String(), nullable=False),
    sa.Column('act', sa.JSON(), nullable=False),
    sa.Column('companion', sa.JSON(), nullable=False),
    sa.Column('noted_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('digest')
    )
    op.create_index('ix_companion_member', 'companion', ['member'], unique=False)
