"""Documents kept, held and on their way to peers."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('arriving',
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('from_member', sa.String(), nullable=False),
    sa.Column('root', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('vault_digest', sa.String(), nullable=False),
    sa.Column('announced_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('stream', 'from_member')
    )
    op.create_table('attachment',
    sa.Column('stream', sa.String(), nullable=False),
    sa.Column('root', sa.String(), nullable=False),
    sa.Column('vault_digest', sa.String(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('source_member', sa.String(), nullable=False),
    sa.Column('received_at', WHOLE, nullable=False),
    sa.Column('subject', sa.String(), nullable=True),
    sa.Column('key', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('stream'),
    sa.UniqueConstraint('subject', 'key')
    )
    op.create_index(op.f('ix_attachment_root'), 'attachment', ['root'], unique=False)
    op.create_index(op.f('ix_attachment_source_member'), 'attachment', ['source_member'], unique=False)
    op.create_table('deleted_document',
    sa.Column('id', WHOLE, nullable=False),
    sa.Column('root', sa.String(), nullable=False),
    sa.Column('schema_id', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('received_at', WHOLE, nullable=False),
    sa.Column('attachments', WHOLE, nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('deleted_by', sa.String(), nullable=False),
    sa.Column('deleted_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_deleted_document_root'), 'deleted_document', ['root'], unique=False)
    op.create_table('legal_hold',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('root', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('placed_by', sa.String(), nullable=False),
    sa.Column('placed_at', WHOLE, nullable=False),
    sa.Column('lifted_reason', sa.String(), nullable=True),
    sa.Column('lifted_by', sa.String(), nullable=True),
    sa.Column('lifted_at', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_legal_hold_root'), 'legal_hold', ['root'], unique=False)
    op.create_table('peer_intake',
    sa.Column('member', sa.String(), nullable=False),
    sa.Column('day', WHOLE, nullable=False),
    sa.Column('messages', WHOLE, nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('member', 'day')
    )
    op.create_table('peer_line',
    sa.Column('member', sa.String(), nullable=False),
    sa.Column('failures', WHOLE, nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('since', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('member')
    )
    op.add_column('delivery', sa.Column('due', sa.Float(), server_default='0', nullable=False))
    op.add_column('delivery', sa.Column('attempts', WHOLE, server_default='0', nullable=False))
    op.add_column('delivery', sa.Column('code', sa.String(), nullable=True))
    op.add_column('delivery', sa.Column('created_at', WHOLE, server_default='0', nullable=False))
    op.add_column('document', sa.Column('size', sa.BigInteger(), server_default='0', nullable=False))
    op.create_index('delivery_due', 'delivery', ['state', 'to_member', 'due'], unique=False)
    # Deliveries are work by themselves now: each waiting one is due at once.
    op.execute("DELETE FROM outbox WHERE kind = 'deliver'")
