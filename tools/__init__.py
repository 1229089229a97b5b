"""How does a bare machine come to run Gridkeeper? Standard library only: this runs before anything is installed."""
