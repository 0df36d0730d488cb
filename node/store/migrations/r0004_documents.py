"""Documents kept, held and on their way to peers."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go from the revision before to this one; there is no way back but a backup."""
