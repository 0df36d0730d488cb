"""Event streams, their readers and notices."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('event',
    sa.Column('position', WHOLE, autoincrement=False, nullable=False),
    sa.Column('at', WHOLE, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('verb', sa.String(), nullable=False),
    sa.Column('object', sa.String(), nullable=True),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('container', sa.String(), nullable=True),
    sa.Column('member', sa.String(), nullable=True),
    sa.Column('members', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('command', sa.String(), nullable=True),
    sa.Column('block', WHOLE, nullable=True),
    sa.Column('log_index', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('position')
    )
    op.create_index('event_title', 'event', ['title', 'position'], unique=False)
    op.create_table('notice',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('person', sa.String(), nullable=False),
    sa.Column('cause', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('object', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=True),
    sa.Column('deadline', WHOLE, nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.Column('sent_at', WHOLE, nullable=True),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('person', 'cause')
    )
    op.create_table('stream_head',
    sa.Column('id', WHOLE, nullable=False),
    sa.Column('position', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('subscriber',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('filter', sa.JSON(), nullable=False),
    sa.Column('acked', WHOLE, nullable=False),
    sa.Column('url', sa.String(), nullable=True),
    sa.Column('secret', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('owner', 'name')
    )
    op.create_table('webhook_delivery',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('subscriber', sa.String(), nullable=False),
    sa.Column('positions', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('attempts', WHOLE, nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('first_at', sa.Float(), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('webhook_delivery_subscriber', 'webhook_delivery', ['subscriber', 'state'], unique=False)
    op.execute('INSERT INTO stream_head (id, position) VALUES (1, 0)')
    for column in ('carrier', 'holder', 'pledgee', 'controller', 'counterparty'):
        op.drop_index(op.f(f'ix_title_{column}'), table_name='title')
        op.create_index(f'title_{column}', 'title', [column, 'id'], unique=False)
    op.create_index(op.f('ix_pickup_right_offered_to'), 'pickup_right', ['offered_to'], unique=False)
