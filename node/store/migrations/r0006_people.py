"""People who sign in, their sessions, and machines' clients."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
    op.create_table('account',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('shown', sa.String(), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('handle', sa.LargeBinary(), nullable=False),
    sa.Column('company_subject', sa.String(), nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('enrolment', sa.String(), nullable=True),
    sa.Column('enrolment_until', WHOLE, nullable=True),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('name'),
    sa.UniqueConstraint('company_subject'),
    sa.UniqueConstraint('enrolment'),
    sa.UniqueConstraint('handle')
    )
    op.create_table('failed_attempts',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('failures', WHOLE, nullable=False),
    sa.Column('last_at', WHOLE, nullable=False),
    sa.Column('until', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index(op.f('ix_failed_attempts_name'), 'failed_attempts', ['name'], unique=False)
    op.create_index(op.f('ix_failed_attempts_last_at'), 'failed_attempts', ['last_at'], unique=False)
    op.create_table('oauth_client',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('key', sa.JSON(), nullable=False),
    sa.Column('roles', sa.JSON(), nullable=False),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('used_once',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('until', WHOLE, nullable=False),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index(op.f('ix_used_once_until'), 'used_once', ['until'], unique=False)
    op.create_table('access_token',
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('client', sa.String(), nullable=False),
    sa.Column('scopes', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('until', WHOLE, nullable=False),
    sa.ForeignKeyConstraint(['client'], ['oauth_client.name'], ),
    sa.PrimaryKeyConstraint('sha256')
    )
    op.create_index(op.f('ix_access_token_client'), 'access_token', ['client'], unique=False)
    op.create_index(op.f('ix_access_token_until'), 'access_token', ['until'], unique=False)
    op.create_table('passkey',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('account', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', WHOLE, nullable=False),
    sa.Column('created_at', WHOLE, nullable=False),
    sa.Column('used_at', WHOLE, nullable=True),
    sa.ForeignKeyConstraint(['account'], ['account.name'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_passkey_account'), 'passkey', ['account'], unique=False)
    op.create_table('password',
    sa.Column('account', sa.String(), nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.Column('second_factor', sa.LargeBinary(), nullable=False),
    sa.Column('step', WHOLE, nullable=False),
    sa.Column('changed_at', WHOLE, nullable=False),
    sa.ForeignKeyConstraint(['account'], ['account.name'], ),
    sa.PrimaryKeyConstraint('account')
    )
    op.create_table('web_session',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('account', sa.String(), nullable=True),
    sa.Column('token', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('started_at', WHOLE, nullable=False),
    sa.Column('seen_at', WHOLE, nullable=False),
    sa.Column('ended_at', WHOLE, nullable=True),
    sa.Column('ended_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['account'], ['account.name'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('sha256')
    )
    op.create_index('web_session_open', 'web_session', ['subject', 'ended_at'], unique=False)
