"""Event streams, their readers and notices."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
