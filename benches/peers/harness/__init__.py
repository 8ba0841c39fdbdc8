"""Runs medallion and its peers side by side. Standard library only, except for what runs in the throw-away environment."""
