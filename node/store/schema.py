"""Brings a member's database to the tables of this release."""

from sqlmodel import SQLModel

from node.store.database import Database


def upgrade(database: Database) -> None:
    """Create what is missing; safe to run twice and from several processes."""
    SQLModel.metadata.create_all(database.engine)
