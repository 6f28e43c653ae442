"""What can be concluded from counts: pure."""
