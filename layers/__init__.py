"""What is looked at: tiles, class breaks, heat, web maps."""
