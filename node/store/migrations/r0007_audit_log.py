"""The audit rows' salts and the tree over them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('audit_node',
    sa.Column('level', WHOLE, autoincrement=False, nullable=False),
    sa.Column('place', WHOLE, autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('row', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('level', 'place')
    )
    # Rows of an earlier release have no salt of their own: their leaves could be guessed.
    empty = "'\\x'" if op.get_bind().dialect.name == "postgresql" else "x''"
    op.add_column('audit', sa.Column('salt', sa.LargeBinary(), server_default=sa.text(empty), nullable=False))
