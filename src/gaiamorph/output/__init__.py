"""What a user gets: files."""
