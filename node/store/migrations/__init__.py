"""The database's revisions, oldest first; node/store/schema.py runs them and writes new ones."""
