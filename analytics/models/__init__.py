"""The nouns of this floor."""
