"""What programs ask of this floor."""
